/**
 * A JSON text in which pieces are replaced by the numbers of chunks that the run stores once.
 *
 * JSON texts never hold raw control characters, so these four can mark what is not JSON: a reference, which stands for
 * chunks joined by commas, as ranges of their numbers; and a text inside of the text, such as a recorded body that is
 * JSON itself, which becomes a string literal once its own references are filled in.
 */
const MARK = { reference: "\u0001", referenceEnd: "\u0002", text: "\u0003", textEnd: "\u0004" } as const;

/** A piece of a run's payloads that is stored once, however often it occurs. */
export interface Chunk {
  /** Of its text. */
  readonly digest: string;
  /** As it stands in the payload. */
  readonly text: string;
  /** The text with what is stored once by itself cut out. */
  cut(): Template;
}

/** Chunks that follow one another, joined by commas. */
export type ChunkList = readonly Chunk[];

export type Template = readonly (string | ChunkList | { readonly textOf: Template })[];

/** The JSON text that a template stands for. */
export function fullText(template: Template): string {
  return template
    .map((piece) => {
      if (typeof piece === "string") return piece;
      return "textOf" in piece ? JSON.stringify(fullText(piece.textOf)) : piece.map(({ text }) => text).join(",");
    })
    .join("");
}

/** Answers the number of a chunk; undefined where it has none, and stands in full. */
export type NumberOf = (chunk: Chunk) => number | undefined;

export function renderTemplate(template: Template, numberOf: NumberOf): string {
  return template
    .map((piece) => {
      if (typeof piece === "string") return piece;
      if ("textOf" in piece) return `${MARK.text}${renderTemplate(piece.textOf, numberOf)}${MARK.textEnd}`;
      return renderList(piece, numberOf);
    })
    .join("");
}

function renderList(list: ChunkList, numberOf: NumberOf): string {
  const rendered: string[] = [];
  let ranges: { first: number; last: number }[] = [];
  const endReference = (): void => {
    if (ranges.length === 0) return;
    const numbers = ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(",");
    rendered.push(`${MARK.reference}${numbers}${MARK.referenceEnd}`);
    ranges = [];
  };
  for (const chunk of list) {
    const number = numberOf(chunk);
    const range = ranges.at(-1);
    if (number === undefined) {
      endReference();
      rendered.push(renderTemplate(chunk.cut(), numberOf));
    } else if (range !== undefined && number === range.last + 1) {
      range.last = number;
    } else {
      ranges.push({ first: number, last: number });
    }
  }
  endReference();
  return rendered.join(",");
}

// The marks are the control characters that no JSON text holds.
// oxlint-disable-next-line no-control-regex -- the marks are control characters
const REFERENCES = /\u0001([\d,-]+)\u0002/g;
// oxlint-disable-next-line no-control-regex -- the marks are control characters
const TEXTS = /\u0003([^\u0003\u0004]*)\u0004/g;

/** The numbers of the chunks that a rendered template names. */
export function referencedChunks(rendered: string): number[] {
  return [...rendered.matchAll(REFERENCES)].flatMap(([, ranges = ""]) => numbersOf(ranges));
}

/**
 * Fills in the references of a rendered template.
 *
 * @param textOf the full text of a chunk; it throws where there is none
 */
export function expandTemplate(rendered: string, textOf: (number: number) => string): string {
  const fill = (text: string): string =>
    text.replaceAll(REFERENCES, (_, ranges: string) => numbersOf(ranges).map(textOf).join(","));
  if (!rendered.includes(MARK.text)) return fill(rendered);
  // A filled-in text holds no marks any more, so that the second step touches only what the first did not.
  return fill(rendered.replaceAll(TEXTS, (_, text: string) => JSON.stringify(fill(text))));
}

/** No run has as many chunks as this; a damaged reference might. */
const NUMBERS_MAX = 1_000_000;

function numbersOf(ranges: string): number[] {
  return ranges.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    const count = last - first + 1;
    if (!(count >= 1 && count <= NUMBERS_MAX))
      throw new RangeError(`a reference to the chunks ${range} makes no sense`);
    return Array.from({ length: count }, (_, index) => first + index);
  });
}
