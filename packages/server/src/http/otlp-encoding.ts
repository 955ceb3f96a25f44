import { create, toBinary, toJson, type DescMessage, type MessageShape } from "@bufbuild/protobuf";

import { ExportTraceServiceResponseSchema, RpcStatusSchema } from "../recording/otlp/generated/otlp_pb.ts";
import type { TraceIngestResult } from "../recording/otlp/describe-refusals.ts";
import type { RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";

/** How a request is written, and so its answer. */
export type OtlpEncoding = "protobuf" | "json";

const MEDIA_TYPES: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

export const OTLP_MEDIA_TYPES = Object.values(MEDIA_TYPES);

function mediaTypeOf(context: RequestContext): string {
  return (context.req.header("Content-Type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** Undefined where the Content-Type is neither. */
export function otlpEncodingOf(context: RequestContext): OtlpEncoding | undefined {
  const mediaType = mediaTypeOf(context);
  // This one is registered, and the other one is what the protocol asks for.
  if (mediaType === "application/protobuf") return "protobuf";
  return (Object.keys(MEDIA_TYPES) as OtlpEncoding[]).find((encoding) => MEDIA_TYPES[encoding] === mediaType);
}

/** @throws HttpError 415 that says what to send instead */
export function requireOtlpEncoding(context: RequestContext): OtlpEncoding {
  const encoding = otlpEncodingOf(context);
  if (encoding !== undefined) return encoding;
  const mediaType = mediaTypeOf(context);
  const found = mediaType === "" ? "names no Content-Type" : `has the Content-Type ${mediaType.slice(0, 100)}`;
  const advice = mediaType.startsWith("application/grpc") ? ` ${NO_GRPC}` : "";
  throw new HttpError(
    415,
    "unsupported_media_type",
    `Traces are taken as ${OTLP_MEDIA_TYPES.join(" or ")}; this request ${found}.${advice}`,
  );
}

export const NO_GRPC =
  "OTLP over gRPC is not served here: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or use an exporter for OTLP over HTTP.";

/** What became of the spans of a request. */
export function answerExport(
  context: RequestContext,
  encoding: OtlpEncoding,
  { rejectedSpans, errorMessage }: TraceIngestResult,
): Response {
  const partialSuccess = { rejectedSpans: BigInt(rejectedSpans), errorMessage };
  const answer = create(ExportTraceServiceResponseSchema, errorMessage === "" ? {} : { partialSuccess });
  return encode(context, encoding, 200, ExportTraceServiceResponseSchema, answer);
}

/** An error as exporters expect it, in the encoding of their request. */
export function answerStatus(
  context: RequestContext,
  encoding: OtlpEncoding,
  { status, message }: { status: HttpError["status"]; message: string },
): Response {
  const body = create(RpcStatusSchema, { code: RPC_CODES[status], message });
  return encode(context, encoding, status, RpcStatusSchema, body);
}

function encode<Schema extends DescMessage>(
  context: RequestContext,
  encoding: OtlpEncoding,
  status: 200 | HttpError["status"],
  schema: Schema,
  message: MessageShape<Schema>,
): Response {
  const body =
    encoding === "json" ? JSON.stringify(toJson(schema, message)) : new Uint8Array(toBinary(schema, message));
  return context.body(body, status, { "Content-Type": MEDIA_TYPES[encoding] });
}

/** The codes of google.rpc that stand for what the statuses of HTTP say. */
const RPC_CODES: Readonly<Record<HttpError["status"], number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 10,
  413: 3,
  415: 3,
  429: 8,
  500: 13,
  503: 14,
};
