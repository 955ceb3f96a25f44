import { redactJson, toJsonText } from "./json-value.ts";
import { REDACTED_MARK } from "./limits.ts";
import { isSensitiveHeader } from "./sensitive-names.ts";
import { redactText, redactUrl } from "./text-redaction.ts";

export { redactBody } from "./body-redaction.ts";
export { redactJson, redactText, redactUrl };

/** Headers as the `fetch` API gives them, as Node gives them, or as a request brought them. */
export type HeadersLike = Iterable<readonly [string, string]> | Readonly<Record<string, unknown>>;

/** Redacts HTTP headers by their names; those of a name given twice are joined, and URLs lose their secrets. */
export function redactHeaders(headers: HeadersLike): Record<string, string> {
  const redacted = new Map<string, string>();
  for (const [name, value] of headerEntries(headers)) {
    if (value === undefined || value === null) continue;
    const text = isSensitiveHeader(name) ? REDACTED_MARK : redactHeaderValue(name, value);
    const before = redacted.get(name);
    redacted.set(name, before === undefined || text === REDACTED_MARK ? text : `${before}, ${text}`);
  }
  return Object.fromEntries(redacted);
}

function headerEntries(headers: HeadersLike): Iterable<readonly [string, unknown]> {
  return Symbol.iterator in headers ? (headers as Iterable<readonly [string, string]>) : Object.entries(headers);
}

const URL_HEADERS = /^(?:(?:content-|operation-)?location|referer|referrer|origin)$/i;

function redactHeaderValue(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => redactHeaderValue(name, item)).join(", ");
  const text = typeof value === "string" ? value : (toJsonText(value) ?? "");
  return URL_HEADERS.test(name) ? redactUrl(text) : redactText(text);
}
