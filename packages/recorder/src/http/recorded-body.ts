import { RECORDED_BODY_BYTES, TRUNCATED_MARK, redactJson, truncateBytes } from "@shelflife/api-contract";

import { withoutBase64, withoutFileBytes } from "../file-bytes.ts";
import { type Json, isJsonObject } from "../snapshot.ts";
import type { CapturedBody } from "./captured-request.ts";

/** Taking longer documents apart would hold the application up. */
const LONGEST_DOCUMENT_BYTES = 4 * 1024 * 1024;

export interface RecordedBody {
  /** What is recorded of the body, but for its secrets. */
  shown: Json | undefined;
  /** The body as JSON, where it is that. */
  json: Json | undefined;
}

export function recordRequestBody(body: CapturedBody): RecordedBody {
  switch (body.kind) {
    case "none":
      return { shown: undefined, json: undefined };
    case "described":
      return { shown: body.description, json: undefined };
    case "text":
      return recordText(body.text);
    case "bytes":
      return isText(body.bytes)
        ? recordText(new TextDecoder().decode(body.bytes))
        : { shown: `[BINARY, ${body.bytes.byteLength} BYTES]`, json: undefined };
  }
}

/** A text that is JSON is looked at as JSON, so that a file in it is found; a long one is cut, files taken out first. */
export function recordText(text: string): RecordedBody {
  const json = parseDocument(text);
  if (json === undefined) return recordPartialText(text.slice(0, LONGEST_SHOWN), text.length > LONGEST_SHOWN);
  const shown = withoutFileBytes(json);
  const isShort = text.length * 3 <= RECORDED_BODY_BYTES;
  const shortened = isShort ? "" : JSON.stringify(shown);
  const cut = isShort ? "" : truncateBytes(shortened);
  return { shown: cut === shortened ? shown : cut, json };
}

/** Enough for a body that is still long when its files are gone. */
const LONGEST_SHOWN = 1024 * 1024;

/** A text that cannot be taken apart, since it is no document, or not all of one. */
export function recordPartialText(text: string, isCut: boolean): RecordedBody {
  return { shown: truncateBytes(withoutBase64(text) + (isCut ? TRUNCATED_MARK : "")), json: undefined };
}

function parseDocument(text: string): Json | undefined {
  if (text.length > LONGEST_DOCUMENT_BYTES || !/^\s*[[{]/.test(text)) return undefined;
  try {
    const json = JSON.parse(text) as Json;
    return isJsonObject(json) || Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Text holds no zero bytes, and few files do without. */
function isText(bytes: Uint8Array): boolean {
  return !bytes.subarray(0, 1024).includes(0);
}

/** Whether a body of this media type can be read as text; one that does not say can. */
export function isTextType(contentType: string): boolean {
  return contentType === "" || /^text\/|\b(?:json|xml|x-www-form-urlencoded|event-stream|ndjson)\b/i.test(contentType);
}

/** Whether something in a document will not be recorded as it is. */
export function holdsSecret(document: Json): boolean {
  return !isSame(document, redactJson(document));
}

function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return one === other;
  const fields = Object.entries(one);
  return (
    fields.length === Object.keys(other).length &&
    fields.every(([key, value]) => isSame(value, Reflect.get(other, key)))
  );
}
