import { fromBinary } from "@bufbuild/protobuf";

import { hasCode } from "../../coded-error.ts";
import { ExportTraceServiceRequestSchema, SpanSchema, type ExportTraceServiceRequest } from "./generated/otlp_pb.ts";
import { malformedRequest, reasonOf } from "./malformed-request.ts";
import { findExceededLimit } from "./measure-protobuf.ts";
import { describeExcess, REQUEST_LIMITS } from "./request-limits.ts";

/** @throws CodedError `malformed_otlp` that says what is wrong with the body */
export function decodeProtobuf(body: Uint8Array): ExportTraceServiceRequest {
  try {
    const exceeded = findExceededLimit(ExportTraceServiceRequestSchema, body, {
      span: SpanSchema,
      limits: REQUEST_LIMITS,
    });
    if (exceeded !== undefined) throw malformedRequest(describeExcess(exceeded));
    return fromBinary(ExportTraceServiceRequestSchema, body, { readUnknownFields: false });
  } catch (error) {
    throw describeFailure(body, error);
  }
}

function describeFailure(body: Uint8Array, error: unknown): unknown {
  const [first, second] = body;
  if (first === 0x1f && second === 0x8b) {
    return malformedRequest("The body is compressed with gzip: say so with the header Content-Encoding: gzip.", error);
  }
  if (first === 0x7b || first === 0x5b) {
    return malformedRequest(
      "The body looks like JSON, but its Content-Type is that of protobuf: send JSON with Content-Type: application/json.",
      error,
    );
  }
  if (hasCode(error, "malformed_otlp")) return error;
  return malformedRequest(`The body is not an ExportTraceServiceRequest in protobuf: ${reasonOf(error)}`, error);
}
