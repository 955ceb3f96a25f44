import { fromJson, type JsonValue } from "@bufbuild/protobuf";

import { isRecord } from "./attribute-values.ts";
import { ExportTraceServiceRequestSchema, type ExportTraceServiceRequest } from "./generated/otlp_pb.ts";
import { malformedRequest, reasonOf } from "./malformed-request.ts";
import { describeExcess, REQUEST_LIMITS } from "./request-limits.ts";

/**
 * Decodes OTLP in JSON, which differs from protobuf's own JSON in that trace and span ids are hexadecimal.
 *
 * @throws CodedError `malformed_otlp` that says what is wrong with the body
 */
export function decodeJson(body: Uint8Array): ExportTraceServiceRequest {
  const json = parse(body);
  if (!isRecord(json)) {
    throw malformedRequest('The body must be a JSON object with the member "resourceSpans", a list.');
  }
  const misplaced = MISPLACED.find((name) => name in json);
  if (misplaced !== undefined) {
    throw malformedRequest(`The body holds "${misplaced}", but only traces are taken here ("resourceSpans").`);
  }
  if (spansOf(json).length > REQUEST_LIMITS.spans) throw malformedRequest(describeExcess("spans"));
  try {
    return fromJson(ExportTraceServiceRequestSchema, withDecodableIds(json) as JsonValue, {
      ignoreUnknownFields: true,
    });
  } catch (error) {
    throw malformedRequest(`The body is not an ExportTraceServiceRequest in JSON: ${reasonOf(error)}`, error);
  }
}

/** What exporters of the other signals send. */
const MISPLACED = ["resourceMetrics", "resourceLogs", "resource_metrics", "resource_logs"];

function parse(body: Uint8Array): unknown {
  // An exporter with nothing to say may send nothing.
  if (body.byteLength === 0) return {};
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (error) {
    const [first, second] = body;
    if (first === 0x1f && second === 0x8b) {
      throw malformedRequest("The body is compressed with gzip: say so with the header Content-Encoding: gzip.", error);
    }
    if (first === 0x0a) {
      throw malformedRequest(
        "The body is not JSON. It looks like protobuf, which is sent with Content-Type: application/x-protobuf.",
        error,
      );
    }
    throw malformedRequest("The body is not JSON, or is cut off.", error);
  }
}

/** The request with each id as base64, which is how protobuf writes bytes; an id that is not hexadecimal becomes empty. */
function withDecodableIds(request: Record<string, unknown>): Record<string, unknown> {
  return eachIn(request, "resourceSpans", "resource_spans", (resourceSpans) =>
    eachIn(resourceSpans, "scopeSpans", "scope_spans", (scopeSpans) =>
      eachIn(scopeSpans, "spans", "spans", (span) =>
        Object.fromEntries(
          Object.entries(span).map(([field, value]) => [field, ID_FIELDS.has(field) ? toBase64(value) : value]),
        ),
      ),
    ),
  );
}

function eachIn(
  owner: Record<string, unknown>,
  name: string,
  otherName: string,
  change: (item: Record<string, unknown>) => unknown,
): Record<string, unknown> {
  const field = name in owner ? name : otherName;
  const list = owner[field];
  if (!Array.isArray(list)) return owner;
  return { ...owner, [field]: list.map((item: unknown) => (isRecord(item) ? change(item) : item)) };
}

function spansOf(request: Record<string, unknown>): unknown[] {
  const listIn = (owner: unknown, ...names: string[]): unknown[] => {
    const list = isRecord(owner) ? names.map((name) => owner[name]).find(Array.isArray) : undefined;
    return list ?? [];
  };
  return listIn(request, "resourceSpans", "resource_spans")
    .flatMap((resourceSpans) => listIn(resourceSpans, "scopeSpans", "scope_spans"))
    .flatMap((scopeSpans) => listIn(scopeSpans, "spans"));
}

const ID_FIELDS = new Set(["traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"]);

function toBase64(id: unknown): unknown {
  if (typeof id !== "string") return id;
  return /^(?:[0-9a-f]{2})*$/i.test(id) ? Buffer.from(id, "hex").toString("base64") : "";
}
