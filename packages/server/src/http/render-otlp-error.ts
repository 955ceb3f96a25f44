import { codeOf } from "../coded-error.ts";
import type { RequestContext } from "./environment.ts";
import { describeExporterKey } from "./exporter-key.ts";
import { HttpError } from "./http-error.ts";
import { answerStatus, otlpEncodingOf } from "./otlp-encoding.ts";
import { renderError } from "./render-error.ts";

/** When an exporter may try again, in seconds. */
const RETRY_AFTER_SECONDS = 5;

/**
 * The answer to an export that failed. An exporter throws spans away unless it is told that another try is worth while,
 * so what passes by itself is 503.
 */
export async function renderOtlpError(error: unknown, context: RequestContext): Promise<Response> {
  const rendered = renderError(failureOf(error, context), context);
  if (rendered.status === 503) context.header("Retry-After", String(RETRY_AFTER_SECONDS));
  const encoding = otlpEncodingOf(context);
  if (encoding === undefined) return rendered;
  const { message } = (await rendered.json()) as { message: string };
  return answerStatus(context, encoding, { status: rendered.status as HttpError["status"], message });
}

function failureOf(error: unknown, context: RequestContext): unknown {
  if (isPassing(error)) return new HttpError(503, "unavailable", UNAVAILABLE, { cause: error });
  const hasNoKey = error instanceof HttpError && error.status === 401;
  return hasNoKey ? new HttpError(401, error.code, describeExporterKey(context), { cause: error }) : error;
}

const UNAVAILABLE = "The spans could not be stored at the moment; sending them again does no harm.";

/**
 * A database that is away, busy, shutting down or short of connections, and batches of one trace that overtook each
 * other; a lost connection carries no code at all.
 */
function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined) return /^(?:trace_moved|E[A-Z]+|(?:08|40|53|57)\w{3}|55P03|25P03)$/.test(code);
  return error instanceof Error && error.constructor === Error && !(error instanceof HttpError);
}
