import { RECORDED_BODY_BYTES, RECORDED_TEXT_CHARACTERS, TRUNCATED_MARK } from "./limits.ts";

/**
 * Cuts a text to this many bytes of UTF-8 and marks it, never inside a character. A text that already ends with the mark
 * is measured without it, so that cutting twice changes nothing.
 */
export function truncateBytes(text: string, limit = RECORDED_BODY_BYTES): string {
  const content = text.endsWith(TRUNCATED_MARK) ? text.slice(0, -TRUNCATED_MARK.length) : text;
  if (content.length * 3 <= limit) return text;
  let bytes = 0;
  for (let at = 0; at < content.length;) {
    const point = content.codePointAt(at) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes > limit) return content.slice(0, at) + TRUNCATED_MARK;
    at += point < 0x10000 ? 1 : 2;
  }
  return text;
}

/** Cuts a text to this many characters (of a JavaScript string), one less where a surrogate pair would be split. */
export function truncateCharacters(text: string, limit = RECORDED_TEXT_CHARACTERS): string {
  if (text.length <= limit) return text;
  const splitsPair = /[\uD800-\uDBFF]/.test(text.charAt(limit - 1)) && /[\uDC00-\uDFFF]/.test(text.charAt(limit));
  return text.slice(0, splitsPair ? limit - 1 : limit);
}
