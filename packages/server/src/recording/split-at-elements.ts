const CHARACTER = {
  quote: 34,
  comma: 44,
  openArray: 91,
  backslash: 92,
  closeArray: 93,
  openObject: 123,
  closeObject: 125,
};

/** A text that a chunk could not give back as it was: one with half a character, or with control characters. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const UNSUITABLE = /[\u0000-\u001f]/;

/**
 * Splits the text of a JSON object at the elements of its lists: texts, and runs of elements that a comma alone joins. The
 * text may end anywhere, as a truncated body does, and need not even be valid: put together again, the pieces are what
 * was split, whatever it was.
 *
 * @param shortest elements of fewer characters stay in the text around them
 * @returns undefined where there is nothing to split
 */
export function splitAtElements(text: string, shortest: number): (string | string[])[] | undefined {
  if (!text.startsWith("{") || UNSUITABLE.test(text) || !text.isWellFormed()) return undefined;
  const pieces: (string | string[])[] = [];
  let end = 0;
  for (const element of findElements(text)) {
    if (element.end - element.start < shortest) continue;
    const between = text.slice(end, element.start);
    const run = pieces.at(-1);
    if (between === "," && Array.isArray(run)) run.push(text.slice(element.start, element.end));
    else pieces.push(between, [text.slice(element.start, element.end)]);
    end = element.end;
  }
  if (pieces.length === 0) return undefined;
  pieces.push(text.slice(end));
  return pieces;
}

/** Where the whole elements of the lists are that are members of the object. */
function* findElements(text: string): Generator<{ start: number; end: number }> {
  let depth = 0;
  let isInList = false;
  let start = -1;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    const isBoundary = depth === 2 && isInList && (character === CHARACTER.comma || isClosing(character));
    if (isBoundary) {
      if (start >= 0) yield { start, end: endOfElement(text, start, at) };
      start = -1;
    } else if (depth === 2 && isInList && start < 0 && character !== 32) {
      start = at;
    }
    if (character === CHARACTER.quote) {
      at = endOfString(text, at);
    } else if (character === CHARACTER.openArray || character === CHARACTER.openObject) {
      depth += 1;
      if (depth === 2) isInList = character === CHARACTER.openArray;
    } else if (isClosing(character)) {
      depth -= 1;
    }
  }
}

function isClosing(character: number): boolean {
  return character === CHARACTER.closeArray || character === CHARACTER.closeObject;
}

/** Spaces before the separator belong to it. */
function endOfElement(text: string, start: number, separator: number): number {
  return start + text.slice(start, separator).trimEnd().length;
}

/** Where the closing quote is, or the end of the text. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== CHARACTER.quote) {
    at += text.charCodeAt(at) === CHARACTER.backslash ? 2 : 1;
  }
  return at;
}
