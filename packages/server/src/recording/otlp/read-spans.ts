import type { AnyValue, ExportTraceServiceRequest, KeyValue, Span as SpanMessage } from "./generated/otlp_pb.ts";
import { Status_StatusCode } from "./generated/otlp_pb.ts";
import { storable, textOf } from "./attribute-values.ts";
import type { Attributes, Span } from "./span.ts";

export interface ReadSpans {
  readonly spans: readonly Span[];
  /** Spans without a valid id of their own or of their trace: they can be told from no other. */
  readonly withoutId: number;
}

/** Takes the spans out of a request. Of one that is there twice, the last counts. */
export function readSpans(request: ExportTraceServiceRequest): ReadSpans {
  const spans = new Map<string, Span>();
  let withoutId = 0;
  for (const { resource, scopeSpans } of request.resourceSpans) {
    const resourceAttributes = readAttributes(resource?.attributes ?? []);
    for (const { scope, spans: messages } of scopeSpans) {
      for (const message of messages) {
        const span = readSpan(message, resourceAttributes, scope?.name ?? "");
        if (span === undefined) withoutId += 1;
        else spans.set(`${span.traceId} ${span.spanId}`, span);
      }
    }
  }
  return { spans: [...spans.values()], withoutId };
}

function readSpan(message: SpanMessage, resource: Attributes, scope: string): Span | undefined {
  const traceId = readId(message.traceId, 16);
  const spanId = readId(message.spanId, 8);
  if (traceId === undefined || spanId === undefined) return undefined;
  const attributes = readAttributes(message.attributes);
  return {
    traceId,
    spanId,
    parentSpanId: readId(message.parentSpanId, 8),
    name: storable(message.name),
    startedAt: readTime(message.startTimeUnixNano),
    finishedAt: readTime(message.endTimeUnixNano),
    isError: message.status?.code === Status_StatusCode.ERROR || isFailedObservation(attributes),
    statusMessage: storable(
      message.status?.message || (textOf(attributes, "langfuse.observation.status_message") ?? ""),
    ),
    attributes,
    events: message.events.map(({ name, attributes }) => ({ name, attributes: readAttributes(attributes) })),
    resource,
    scope: storable(scope),
  };
}

/** Langfuse says in an attribute that something failed, and leaves the status of the span as it is. */
function isFailedObservation(attributes: Attributes): boolean {
  return /^(?:error|fatal|critical)$/i.test(textOf(attributes, "langfuse.observation.level") ?? "");
}

/** An id of another length, or of zeros alone, is none. */
function readId(bytes: Uint8Array, length: number): string | undefined {
  if (bytes.byteLength !== length || bytes.every((byte) => byte === 0)) return undefined;
  return Buffer.from(bytes).toString("hex");
}

/** A time of zero is not known. The latest that there is lies in the year 2554. */
function readTime(nanoseconds: bigint): string | undefined {
  return nanoseconds === 0n ? undefined : new Date(Number(nanoseconds / 1_000_000n)).toISOString();
}

function readAttributes(pairs: readonly KeyValue[]): Attributes {
  return new Map(pairs.map(({ key, value }) => [storable(key), readValue(value)]));
}

function readValue(value: AnyValue | undefined): unknown {
  const held = value?.value;
  switch (held?.case) {
    case "stringValue":
      return storable(held.value);
    case "boolValue":
    case "doubleValue":
      return held.value;
    case "intValue":
      return readInteger(held.value);
    case "arrayValue":
      return held.value.values.map(readValue);
    case "kvlistValue":
      return Object.fromEntries(held.value.values.map(({ key, value: inner }) => [storable(key), readValue(inner)]));
    case "bytesValue":
      return { type: "bytes", length: held.value.byteLength };
    default:
      return null;
  }
}

function readInteger(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
