import { redactJsonText } from "./json-text.ts";
import { REDACTED_MARK } from "./limits.ts";
import { redactParameters, redactUrlParts } from "./url-redaction.ts";

/** How many URLs within URLs are looked into; one that is encoded more often goes whole. */
const NESTED_URLS = 3;

const URL_IN_TEXT = /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"<>\\`]+/gi;
const FILE_IN_TEXT = /(data:[a-z0-9.+-]{1,64}\/[a-z0-9.+-]{1,64}(?:;[^,;\s"]{0,64}){0,4};base64,)[a-z0-9+/=_-]+/gi;

/** Members whose value is a file's content where it looks like base64. */
const FILE_KEYS = new Set(["b64_json", "base64", "file_data", "fileData"]);

/** Members that hold a file's content among other things, so that only a long base64 value is taken for one. */
const POSSIBLE_FILE_KEYS = new Set(["data", "bytes", "image", "audio"]);
const SHORTEST_FILE = 64;

/** Redacts user info and sensitive query values of a URL, relative and malformed ones included. */
export function redactUrl(text: string): string {
  return redactNestedUrl(text, NESTED_URLS);
}

/** Redacts a form's `name=value` pairs. */
export function redactForm(text: string): string {
  return redactParameters(text, /[^&]+/g, (value, wasEncoded) => holdsSecret(value, wasEncoded, NESTED_URLS));
}

/**
 * Redacts a text of any kind: one that is JSON, or the beginning of it, by its keys, any other by the URLs in it. The
 * content of files goes as well. The key is that of the member whose value the text is.
 */
export function redactText(text: string, key?: string): string {
  return redactNestedText(text, key, NESTED_URLS);
}

function redactNestedText(text: string, key: string | undefined, depth: number): string {
  if (key !== undefined && isFileContent(key, text)) return REDACTED_MARK;
  if (/^\s*[[{"]/.test(text)) {
    const json = redactJsonText(text, (inner, innerKey) => redactNestedText(inner, innerKey, depth));
    if (json !== undefined) return json.text;
  }
  const urls = text.includes("//") ? text.replace(URL_IN_TEXT, (url) => redactNestedUrl(url, depth)) : text;
  return urls.includes(";base64,") ? urls.replace(FILE_IN_TEXT, `$1${REDACTED_MARK}`) : urls;
}

function redactNestedUrl(text: string, depth: number): string {
  return redactUrlParts(text, (value, wasEncoded) => holdsSecret(value, wasEncoded, depth));
}

function holdsSecret(value: string, wasEncoded: boolean, depth: number): boolean {
  if (!/[=:@%]/.test(value)) return false;
  if (depth === 0) return wasEncoded;
  if (redactNestedText(value, undefined, depth - 1) !== value) return true;
  return wasEncoded && redactNestedUrl(value, depth - 1) !== value;
}

function isFileContent(key: string, text: string): boolean {
  const mayBeFile = FILE_KEYS.has(key) || (POSSIBLE_FILE_KEYS.has(key) && text.length >= SHORTEST_FILE);
  return mayBeFile && /^[A-Za-z0-9+/_-]+={0,2}\s*$/.test(text);
}
