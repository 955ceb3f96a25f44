import { type Json, isJsonObject, textOf } from "./snapshot.ts";

/** Shorter strings may look like base64 and be anything; a file is longer. */
const SHORTEST_FILE_CHARACTERS = 512;

const DATA_URL = /^data:([^,;]*)(?:;[^,;]*)*,/i;
const BASE64 = /^[\w+/-]+={0,2}$/;

/** Base64 of a file holds all three soon; a long word or number does not. */
const BASE64_MIXTURE = [/[a-z]/, /[A-Z]/, /[0-9]/];

/**
 * Replaces what looks like a file's content, wherever it stands in a payload: data URLs and long runs of base64. The
 * bytes of files are never recorded, and providers' request bodies carry them in places of their own.
 */
export function withoutFileBytes(value: Json): Json {
  if (typeof value === "string") return withoutFileBytesInText(value);
  if (Array.isArray(value)) return value.map(withoutFileBytes);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withoutFileBytes(field)]));
}

function withoutFileBytesInText(text: string): string {
  if (text.length < SHORTEST_FILE_CHARACTERS) return text;
  const dataUrl = DATA_URL.exec(text.slice(0, SHORTEST_FILE_CHARACTERS));
  if (dataUrl) return `[FILE ${dataUrl[1] || "text/plain"}, ${text.length - dataUrl[0].length} CHARACTERS]`;
  // Text is told from base64 by its first space, so that this is cheap for what is not base64.
  return BASE64.test(text) && BASE64_MIXTURE.every((kind) => kind.test(text))
    ? `[BASE64, ${text.length} CHARACTERS]`
    : text;
}

/** What stands before a run keeps the search from beginning anew at each of its characters. */
const LONG_BASE64 = /(?<![\w+/-])[\w+/-]{512,}={0,2}/g;

/** The same for a text that is no JSON, or only the beginning of it. */
export function withoutBase64(text: string): string {
  return text.replace(LONG_BASE64, (run) =>
    BASE64_MIXTURE.every((kind) => kind.test(run)) ? `[BASE64, ${run.length} CHARACTERS]` : run,
  );
}

/**
 * How long a file's content is, in bytes, read from the many shapes in which the AI SDK carries files; undefined for a
 * file that is only referred to.
 */
export function fileByteLength(data: Json | undefined): number | undefined {
  if (typeof data === "string") return textByteLength(data);
  if (!isJsonObject(data)) return undefined;
  if (typeof data["byte_length"] === "number") return data["byte_length"];
  const text = textOf(data, "text");
  if (data["type"] === "text" && text !== undefined) return Buffer.byteLength(text);
  // A generated file holds one of the two, and the other once it was asked for.
  return fileByteLength(data["data"] ?? data["uint8ArrayData"] ?? data["base64Data"]);
}

function textByteLength(data: string): number | undefined {
  const dataUrl = DATA_URL.exec(data.slice(0, SHORTEST_FILE_CHARACTERS));
  const content = dataUrl ? data.slice(dataUrl[0].length) : data;
  if (!dataUrl && /^[a-z][a-z0-9+.-]*:/i.test(data)) return undefined;
  const padding = content.endsWith("==") ? 2 : content.endsWith("=") ? 1 : 0;
  return Math.floor((content.length * 3) / 4) - padding;
}
