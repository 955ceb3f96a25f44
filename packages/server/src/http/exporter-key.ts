import { SESSION_HEADER } from "./authenticate.ts";
import type { RequestContext } from "./environment.ts";

/** What to tell whoever set an exporter up whose request carries no key that is in force. */
export function describeExporterKey({ req }: RequestContext): string {
  const sent = req.header("Authorization")?.trim() ?? "";
  if (/^Bearer%20/i.test(sent)) {
    return "The Authorization header holds %20 in place of a blank: that is for OTEL_EXPORTER_OTLP_HEADERS alone, and elsewhere the header is written as it is.";
  }
  if (req.header(SESSION_HEADER) !== undefined || /^Bearer +\S+$/i.test(sent)) {
    return "The key is not in force: it was revoked, or is not whole, or belongs to another server.";
  }
  const found = sent === "" ? "no Authorization header" : "an Authorization header that does not begin with Bearer";
  return `The request carries ${found}: an exporter sends a key with OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20slf_..., and the scope ingest is enough for it.`;
}
