import type { RequestContext } from "./environment.ts";
import { HttpError } from "./http-error.ts";
import { NO_GRPC, otlpEncodingOf, type OtlpEncoding } from "./otlp-encoding.ts";

export const OTLP_TRACES = "/v1/traces";

/** Whether a request is for where spans are taken; a slash at the end changes nothing. */
export function isOtlpTraces({ req }: RequestContext): boolean {
  return withoutSlash(req.path) === OTLP_TRACES;
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, "");
}

/** What an exporter that is set up a little wrong asks for, and what to tell whoever set it up; undefined for the rest. */
export function describeMisdirectedExport(context: RequestContext): HttpError | undefined {
  const { method, path } = context.req;
  const message = adviceFor(method, withoutSlash(path), otlpEncodingOf(context));
  return message === undefined ? undefined : new HttpError(404, "not_found", message);
}

function adviceFor(method: string, path: string, encoding: OtlpEncoding | undefined): string | undefined {
  const signal = /\/v1(?:development)?\/(metrics|logs|profiles)$/.exec(path)?.[1];
  if (signal !== undefined) {
    return `Only traces are taken here, no ${signal}: turn that exporter off, for instance with OTEL_${signal.toUpperCase()}_EXPORTER=none.`;
  }
  if (path.startsWith("/opentelemetry.proto.collector.")) return NO_GRPC;
  if (path === OTLP_TRACES) return method === "POST" ? undefined : `Spans are sent to ${OTLP_TRACES} with POST.`;
  if (path.endsWith(`${OTLP_TRACES}${OTLP_TRACES}`)) {
    return `The exporter appends ${OTLP_TRACES} to OTEL_EXPORTER_OTLP_ENDPOINT by itself: set that to the address of this server alone.`;
  }
  if (path.endsWith(OTLP_TRACES))
    return `Spans are taken at ${OTLP_TRACES}, directly below the address of this server.`;
  // Nothing else that comes here is protobuf, while JSON may be anything.
  if (method === "POST" && (encoding === "protobuf" || (path === "" && encoding === "json"))) {
    return `Spans are taken at ${OTLP_TRACES}: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, and the url of an exporter, are the whole address.`;
  }
  return undefined;
}
