import { redactEmbeddedJson, redactJsonText } from "./json-text.ts";
import { REDACTED_MARK } from "./limits.ts";
import { redactParameters, redactUrlParts } from "./url-redaction.ts";

const URL_IN_TEXT = /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"<>\\`]+/gi;
const FILE_IN_TEXT = /(data:[a-z0-9.+-]{1,64}\/[a-z0-9.+-]{1,64}(?:;[^,;\s"]{0,64}){0,4};base64,)[a-z0-9+/=_-]+/gi;

/** Members whose value is a file's content where it looks like base64. */
const FILE_KEYS = new Set(["b64_json", "base64", "file_data", "fileData"]);

/** Members that hold a file's content among other things, so that only a long base64 value is taken for one. */
const POSSIBLE_FILE_KEYS = new Set(["data", "bytes", "image", "audio"]);
const SHORTEST_FILE = 64;

/** Redacts user info and sensitive query values of a URL, relative and malformed ones included. */
export function redactUrl(text: string): string {
  return redactUrlParts(text, holdsSecret);
}

/** Redacts a form's `name=value` pairs. */
export function redactForm(text: string): string {
  return redactParameters(text, /[^&]+/g, holdsSecret);
}

/**
 * Redacts a text of any kind: one that is JSON, or the beginning of it, by its keys, any other by the JSON objects and the URLs in it. The
 * content of files goes as well. The key is that of the member whose value the text is.
 */
export function redactText(text: string, key?: string): string {
  return redactTextWith(redactUrl, text, key);
}

function redactTextWith(redact: (url: string) => string, text: string, key?: string): string {
  if (key !== undefined && isFileContent(key, text)) return REDACTED_MARK;
  const rewrite = (inner: string, innerKey?: string): string => redactTextWith(redact, inner, innerKey);
  if (/^\s*[[{"]/.test(text)) {
    const json = redactJsonText(text, rewrite);
    if (json !== undefined) return json.text;
  }
  const outside = text.includes("{") ? redactEmbeddedJson(text, rewrite) : text;
  const urls = outside.includes("//") ? outside.replace(URL_IN_TEXT, redact) : outside;
  return urls.includes(";base64,") ? urls.replace(FILE_IN_TEXT, `$1${REDACTED_MARK}`) : urls;
}

/** A value inside a URL is not searched for values inside URLs again: whoever asks decodes it step by step instead. */
function holdsSecret(value: string): boolean {
  if (!/[=:@]/.test(value)) return false;
  return (
    redactTextWith(redactFlatUrl, value) !== value ||
    redactParameters(value, /[^&#]+/g, () => false) !== value ||
    (!/\s/.test(value) && redactFlatUrl(value) !== value)
  );
}

function redactFlatUrl(url: string): string {
  return redactUrlParts(url, () => false);
}

function isFileContent(key: string, text: string): boolean {
  const mayBeFile = FILE_KEYS.has(key) || (POSSIBLE_FILE_KEYS.has(key) && text.length >= SHORTEST_FILE);
  return mayBeFile && /^[A-Za-z0-9+/_-]+={0,2}\s*$/.test(text);
}
