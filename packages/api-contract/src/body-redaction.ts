import { redactJsonText } from "./json-text.ts";
import { REDACTED_MARK, TRUNCATED_MARK } from "./limits.ts";
import { redactJson } from "./json-value.ts";
import { redactForm, redactText } from "./text-redaction.ts";

type BodyKind = "json" | "json lines" | "event stream" | "form" | "multipart" | "text";

/**
 * Redacts an HTTP body by what its content type says it is, or by its looks. A body that claims to be JSON and is not is
 * replaced whole, since nobody can say where in it a secret stands. One that ends with the mark of truncation may be
 * the beginning of what it claims to be.
 */
export function redactBody(body: unknown, contentType?: string | null): unknown {
  if (typeof body !== "string") return redactJson(body);
  const isCut = body.endsWith(TRUNCATED_MARK);
  const content = isCut ? body.slice(0, -TRUNCATED_MARK.length) : body;
  const redacted = redactContent(content, kindOf(content, contentType ?? ""), isCut);
  return isCut && redacted !== REDACTED_MARK ? redacted + TRUNCATED_MARK : redacted;
}

function kindOf(content: string, contentType: string): BodyKind {
  const type = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  if (type === "text/event-stream") return "event stream";
  if (/ndjson|jsonl|json-?lines|json-seq/.test(type)) return "json lines";
  if (type.includes("json")) return "json";
  if (type.includes("form-urlencoded")) return "form";
  if (type.startsWith("multipart/")) return "multipart";
  if (/^data: ?[[{]/m.test(content)) return "event stream";
  if (/^\s*(?:\{|\[\s*(?:[[{"\]\d-]|$))/.test(content)) return firstLineIsJson(content) ? "json lines" : "json";
  if (type === "" && /^[\w.~*%+[\]-]+=[^\s&]*(?:&[\w.~*%+[\]-]+=[^\s&]*)*$/.test(content)) return "form";
  return "text";
}

/** A first line that is a document of its own, with more lines after it, is how a stream of documents starts. */
function firstLineIsJson(content: string): boolean {
  const line = /^[^\n]*\n(?=\s*[[{])/.exec(content)?.[0];
  return line !== undefined && redactJsonText(line, redactText)?.complete === true;
}

function redactContent(content: string, kind: BodyKind, isCut: boolean): string {
  if (content.trim() === "") return content;
  switch (kind) {
    case "json":
      return redactDocument(content, isCut);
    case "json lines":
      return redactLines(content, isCut, redactDocument);
    case "event stream":
      return redactEventStream(content, isCut);
    case "form":
      return redactForm(content);
    case "multipart":
      // Its parts are files, and what is not a file is named where a text search does not see it.
      return REDACTED_MARK;
    case "text":
      return redactText(content);
  }
}

function redactDocument(text: string, isCut: boolean): string {
  const redacted = redactJsonText(text, redactText);
  if (redacted !== undefined && (redacted.complete || isCut)) return redacted.text;
  return REDACTED_MARK;
}

/** A provider that fails before its stream starts answers with one JSON document, whatever type it announced. */
function redactEventStream(content: string, isCut: boolean): string {
  const document = /^\s*[[{]/.test(content) ? redactJsonText(content, redactText) : undefined;
  if (document !== undefined && (document.complete || isCut)) return document.text;
  return redactLines(content, isCut, redactEventLine);
}

function redactLines(content: string, isCut: boolean, redactLine: (line: string, isCut: boolean) => string): string {
  const pieces = content.split(/(\r\n|\r|\n)/);
  const lastLine = pieces.length - 1;
  return pieces
    .map((piece, index) =>
      index % 2 === 1 || piece.trim() === "" ? piece : redactLine(piece, isCut && index === lastLine),
    )
    .join("");
}

const EVENT_FIELDS = ["data:", "event:", "id:", "retry:"];

function redactEventLine(line: string, isCut: boolean): string {
  if (/^(?::|event:|id:|retry:)/.test(line)) return redactText(line);
  if (isCut && EVENT_FIELDS.some((field) => field.startsWith(line))) return line;
  const [prefix = ""] = /^data: ?/.exec(line) ?? [];
  const data = line.slice(prefix.length);
  if (data.trim() === "" || data.trim() === "[DONE]" || (isCut && "[DONE]".startsWith(data))) return line;
  return prefix + redactDocument(data, isCut);
}
