import { fileLength, withoutFile } from "./file-parts.ts";
import { isRecord, toJsonText } from "./json-value.ts";
import { RECORDED_BODY_BYTES, RECORDED_TEXT_CHARACTERS, REDACTED_MARK } from "./limits.ts";
import { redactBody, redactHeaders, redactJson, redactUrl } from "./redaction.ts";
import { truncateBytes, truncateCharacters } from "./truncation.ts";

/** What a step holds that may be large or private. Anything in it may have any shape: it came from a client. */
export interface StepPayloads {
  normalized_request?: object | undefined;
  normalized_response?: object | undefined;
  usage?: object | undefined;
  attempts?: readonly object[] | undefined;
  error?: object | undefined;
  metadata?: object | undefined;
}

type AnyRecord = Record<string, unknown>;

/**
 * The step without secrets, without the content of files, and within the limits. Its other fields stay as they are, and
 * so does what is left out. Doing it twice changes nothing, which lets the recorder and the server both do it.
 */
export function redactStepPayloads<Step extends StepPayloads>(step: Step): Step {
  const given = step as AnyRecord;
  const redacted: AnyRecord = {
    normalized_request: redactRecord(given.normalized_request, redactRequest),
    normalized_response: redactRecord(given.normalized_response, redactMessage),
    usage: redactJson(given.usage),
    attempts: redactEach(given.attempts, redactAnyAttempt),
    error: redactJson(given.error),
    metadata: redactJson(given.metadata),
  };
  const present = Object.entries(redacted).filter(([field]) => Object.hasOwn(step, field));
  return { ...step, ...Object.fromEntries(present) };
}

/** One HTTP try: headers by their names, bodies by their content types, all else as JSON; bodies are cut. */
export function redactAttempt<Tried extends object>(attempt: Tried): Tried {
  return redactAnyAttempt(attempt as AnyRecord) as Tried;
}

function redactAnyAttempt(attempt: AnyRecord): AnyRecord {
  const { request_headers, response_headers, request_body, response_body, url, path } = attempt;
  return redactAround(attempt, {
    url: typeof url === "string" ? redactUrl(url) : redactJson(url),
    path: typeof path === "string" ? redactUrl(path) : redactJson(path),
    request_headers: redactAnyHeaders(request_headers),
    response_headers: redactAnyHeaders(response_headers),
    request_body: limitBody(redactBody(request_body, contentTypeOf(request_headers))),
    response_body: limitBody(redactBody(response_body, contentTypeOf(response_headers))),
  });
}

/** The record with these of its fields as given, where it has them, and the others redacted as JSON. */
function redactAround(record: AnyRecord, given: AnyRecord): AnyRecord {
  const present = Object.entries(given).filter(([field]) => Object.hasOwn(record, field));
  const blank = Object.fromEntries(present.map(([field]) => [field, undefined]));
  return Object.assign(redactJson({ ...record, ...blank }) as object, Object.fromEntries(present));
}

function redactAnyHeaders(headers: unknown): unknown {
  if (headers === undefined || headers === null) return headers;
  return isRecord(headers) ? redactHeaders(headers) : REDACTED_MARK;
}

function contentTypeOf(headers: unknown): string | undefined {
  if (!isRecord(headers)) return undefined;
  const name = Object.keys(headers).find((header) => header.toLowerCase() === "content-type");
  const value = name === undefined ? undefined : headers[name];
  return typeof value === "string" ? value : undefined;
}

function redactRecord(value: unknown, redact: (record: AnyRecord) => AnyRecord): unknown {
  return isRecord(value) ? redact(value) : redactJson(value);
}

function redactEach(list: unknown, redact: (record: AnyRecord) => AnyRecord): unknown {
  return Array.isArray(list) ? list.map((item: unknown) => redactRecord(item, redact)) : redactJson(list);
}

/** A body that is not text is measured by its JSON text, and becomes that text where it is too long. */
function limitBody(body: unknown): unknown {
  if (typeof body === "string") return truncateBytes(body);
  if (typeof body !== "object" || body === null) return body;
  const text = toJsonText(body);
  if (text === undefined) return REDACTED_MARK;
  const limited = truncateBytes(text, RECORDED_BODY_BYTES);
  return limited === text ? body : limited;
}

function redactRequest(request: AnyRecord): AnyRecord {
  return redactAround(request, { messages: redactEach(request.messages, redactMessage) });
}

/** A message's parts, or a response's: both are lists of parts. */
function redactMessage(message: AnyRecord): AnyRecord {
  return redactAround(message, {
    parts: redactEach(message.parts, redactPart),
    content: redactEach(message.content, redactPart),
  });
}

function redactPart(part: AnyRecord): AnyRecord {
  const length = fileLength(part);
  const redacted = redactJson(length === undefined ? part : withoutFile(part, length)) as AnyRecord;
  for (const field of ["text", "arguments", "result"]) limitField(redacted, field);
  return redacted;
}

/** The length that a first pass recorded survives, since the text has been cut since. */
function limitField(part: AnyRecord, field: string): void {
  const value = part[field];
  if (value === undefined || value === null) return;
  const text = typeof value === "string" ? value : (toJsonText(value) ?? REDACTED_MARK);
  if (text.length <= RECORDED_TEXT_CHARACTERS) {
    if (text === REDACTED_MARK) part[field] = text;
    return;
  }
  const recorded = part[`${field}_length`];
  part[field] = truncateCharacters(text);
  part[`${field}_length`] = typeof recorded === "number" && recorded > text.length ? recorded : text.length;
}
