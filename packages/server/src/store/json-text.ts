/**
 * JSON text that PostgreSQL accepts as jsonb. JavaScript strings may hold half of a surrogate pair, as a text that was cut
 * in the middle of a character does; PostgreSQL refuses its escape, so it becomes U+FFFD.
 */
export function jsonText(value: unknown): string {
  // JSON.stringify escapes halves of pairs and nothing else as \ud...; an even run of backslashes before is itself escaped.
  return JSON.stringify(value).replaceAll(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/gi, "$1\uFFFD");
}
