import { REDACTED_MARK } from "./limits.ts";
import { isSensitiveHeader, isSensitiveKey } from "./sensitive-names.ts";

/** Rewrites a string that stands in a JSON text; the key is that of its member, where it is one. */
export type RewriteString = (text: string, key: string | undefined) => string;

export interface RedactedJsonText {
  text: string;
  /** False where the text is only the beginning of a JSON document. */
  complete: boolean;
}

/** Whether members of the object under this key are HTTP headers, whose names follow rules of their own. */
export function namesHeaders(key: string | undefined): boolean {
  return key !== undefined && /headers$/i.test(key);
}

/**
 * Redacts a JSON text in place: all but the secrets stays as it was written, whitespace and large numbers included.
 * The scanner keeps its own stack, so that no nesting overflows it, and it accepts the beginning of a document too,
 * since a body that was cut is one. It returns nothing for a text that is neither.
 */
export function redactJsonText(text: string, rewrite: RewriteString): RedactedJsonText | undefined {
  return new JsonTextRedactor(text, rewrite, { isEmbedded: false }).run();
}

/** No text that people write holds more beginnings of JSON that turn out to be something else. */
const FALSE_STARTS = 20;

/** Redacts the JSON objects that stand in a text among words, such as an answer that the message of an error quotes. */
export function redactEmbeddedJson(text: string, rewrite: RewriteString): string {
  const start = /\{\s*"/g;
  let [output, copiedTo, falseStarts] = ["", 0, 0];
  for (let found = start.exec(text); found !== null && falseStarts < FALSE_STARTS; found = start.exec(text)) {
    const redacted = new JsonTextRedactor(text.slice(found.index), rewrite, { isEmbedded: true }).run();
    if (redacted === undefined) {
      falseStarts++;
      start.lastIndex = found.index + 1;
      continue;
    }
    output += text.slice(copiedTo, found.index) + redacted.text;
    copiedTo = found.index + redacted.length;
    start.lastIndex = copiedTo;
  }
  return output + text.slice(copiedTo);
}

interface Container {
  isArray: boolean;
  hasHeaders: boolean;
  key: string | undefined;
}

type Expected = "value" | "value or end" | "key" | "key or end" | "colon" | "comma or end" | "nothing";

const MARK_LITERAL = JSON.stringify(REDACTED_MARK);
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const NUMBER_BEGINNING = /^-?(?:(?:0|[1-9]\d*)(?:\.\d*)?(?:(?<=\d)[eE][+-]?\d*)?)?$/;

class JsonTextRedactor {
  readonly #text: string;
  readonly #rewrite: RewriteString;
  /** Whether something else may stand behind the document. */
  readonly #isEmbedded: boolean;
  readonly #containers: Container[] = [];
  #expected: Expected = "value";
  #position = 0;
  #output = "";
  #copiedTo = 0;
  /** Where the secret value starts that the scanner is in, and how deep. */
  #secret: { start: number; depth: number } | undefined;

  constructor(text: string, rewrite: RewriteString, { isEmbedded }: { isEmbedded: boolean }) {
    this.#text = text;
    this.#rewrite = rewrite;
    this.#isEmbedded = isEmbedded;
  }

  /** @returns with the length of what was read, as it stood in the text */
  run(): (RedactedJsonText & { length: number }) | undefined {
    if (this.#text.startsWith("\uFEFF")) this.#position = 1;
    for (;;) {
      if (this.#isEmbedded && this.#expected === "nothing") break;
      this.#skipWhitespace();
      if (this.#position >= this.#text.length) break;
      const step = this.#token(this.#text.charAt(this.#position));
      if (step === "invalid") return undefined;
      if (step === "cut") break;
    }
    const complete = this.#expected === "nothing";
    if (this.#secret !== undefined) this.#replaceUnlessMarked(this.#secret.start);
    const length = this.#isEmbedded && complete ? this.#position : this.#text.length;
    return { text: this.#output + this.#text.slice(this.#copiedTo, length), complete, length };
  }

  #skipWhitespace(): void {
    while (this.#position < this.#text.length && " \t\n\r".includes(this.#text.charAt(this.#position)))
      this.#position++;
  }

  #token(character: string): "invalid" | "cut" | "read" {
    const expected = this.#expected;
    const container = this.#containers.at(-1);
    if (expected === "nothing") return "invalid";
    if (expected === "colon") {
      if (character !== ":") return "invalid";
      this.#position++;
      this.#expected = "value";
      return "read";
    }
    if (expected === "comma or end" && character === ",") {
      this.#position++;
      this.#expected = container?.isArray === true ? "value" : "key";
      return "read";
    }
    const end = container?.isArray === true ? "]" : "}";
    if (expected.endsWith("end") && container !== undefined && character === end) {
      this.#containers.pop();
      this.#position++;
      return this.#valueEnded();
    }
    if (expected === "comma or end") return "invalid";
    if (expected.startsWith("key")) return character === '"' ? this.#key() : "invalid";
    return this.#value(character);
  }

  #key(): "invalid" | "cut" | "read" {
    const end = stringEnd(this.#text, this.#position);
    if (end === undefined) return "invalid";
    if (!end.closed) return "cut";
    const container = this.#containers.at(-1);
    if (container !== undefined) container.key = decodeString(this.#text.slice(this.#position, end.at));
    this.#position = end.at;
    this.#expected = "colon";
    return "read";
  }

  #value(character: string): "invalid" | "cut" | "read" {
    const container = this.#containers.at(-1);
    const isCount = !'"{['.includes(character);
    if (this.#secret === undefined && container !== undefined && isSecretMember(container, isCount)) {
      this.#secret = { start: this.#position, depth: this.#containers.length };
    }
    if (character === "{" || character === "[") return this.#open(character === "[");
    return character === '"' ? this.#string() : this.#scalar();
  }

  #open(isArray: boolean): "read" {
    const parent = this.#containers.at(-1);
    const hasHeaders = namesHeaders(parent?.key) || (parent?.isArray === true && parent.hasHeaders);
    this.#containers.push({ isArray, hasHeaders, key: undefined });
    this.#position++;
    this.#expected = isArray ? "value or end" : "key or end";
    return "read";
  }

  #string(): "invalid" | "cut" | "read" {
    const start = this.#position;
    const end = stringEnd(this.#text, start);
    if (end === undefined) return "invalid";
    if (this.#secret === undefined) {
      const literal = this.#text.slice(start, end.at) + (end.closed ? "" : '"');
      const before = decodeString(literal);
      const after = this.#rewrite(before, this.#containers.at(-1)?.key);
      if (after !== before) {
        this.#replace(
          start,
          end.closed ? end.at : this.#text.length,
          JSON.stringify(after).slice(0, end.closed ? undefined : -1),
        );
      }
    }
    this.#position = end.at;
    return end.closed ? this.#valueEnded() : "cut";
  }

  #scalar(): "invalid" | "cut" | "read" {
    const rest = this.#text.slice(this.#position, this.#position + 5);
    const word = ["true", "false", "null"].find((literal) => rest.startsWith(literal));
    NUMBER.lastIndex = this.#position;
    const scalar = word ?? NUMBER.exec(this.#text)?.[0];
    if (scalar !== undefined) {
      const next = this.#text.charAt(this.#position + scalar.length);
      if (next === "" || " \t\n\r,]}".includes(next)) {
        this.#position += scalar.length;
        return this.#valueEnded();
      }
    }
    return isScalarBeginning(this.#text.slice(this.#position)) ? "cut" : "invalid";
  }

  #valueEnded(): "read" {
    if (this.#secret?.depth === this.#containers.length) {
      this.#replace(this.#secret.start, this.#position, MARK_LITERAL);
      this.#secret = undefined;
    }
    this.#expected = this.#containers.length === 0 ? "nothing" : "comma or end";
    return "read";
  }

  /** What remains of a mark that was cut off is left alone, so that a second pass changes nothing. */
  #replaceUnlessMarked(start: number): void {
    if (!MARK_LITERAL.startsWith(this.#text.slice(start))) this.#replace(start, this.#text.length, MARK_LITERAL);
  }

  #replace(start: number, end: number, replacement: string): void {
    this.#output += this.#text.slice(this.#copiedTo, start) + replacement;
    this.#copiedTo = end;
  }
}

function isSecretMember({ key, hasHeaders }: Container, isCount: boolean): boolean {
  return key !== undefined && (isSensitiveKey(key, isCount) || (hasHeaders && isSensitiveHeader(key)));
}

/** Where a string literal ends; for one that is cut off, where its last whole character does. Nothing: not a literal. */
function stringEnd(text: string, start: number): { at: number; closed: boolean } | undefined {
  let at = start + 1;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return { at: at + 1, closed: true };
    if (code < 0x20) return undefined;
    if (code !== 0x5c) {
      at++;
      continue;
    }
    const escape = /^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.exec(text.slice(at, at + 6))?.[0];
    if (escape === undefined) {
      const isCut = /^\\(?:u[0-9a-fA-F]{0,3})?$/.test(text.slice(at, at + 6));
      return isCut ? { at, closed: false } : undefined;
    }
    at += escape.length;
  }
  return { at, closed: false };
}

function decodeString(literal: string): string {
  return JSON.parse(literal) as string;
}

function isScalarBeginning(rest: string): boolean {
  return ["true", "false", "null"].some((literal) => literal.startsWith(rest)) || NUMBER_BEGINNING.test(rest);
}
