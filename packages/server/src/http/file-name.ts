import { FILE_NAME_CHARACTERS } from "@shelflife/api-contract";
import { parse } from "content-disposition";

/** What no file name has, or only to deceive: control characters, halves of characters, and marks that turn text around. */
const UNWANTED = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The name of a file out of a Content-Disposition header, without a path; empty where it gives none. */
export function readFileName(header: string | undefined): string {
  const name = fromUtf8(parse(header ?? "").parameters.filename ?? "");
  const last = name.split(/[/\\]/).at(-1) ?? "";
  const clean = last.replaceAll(UNWANTED, "").trim();
  // Names of dots alone mean folders.
  return /^\.*$/.test(clean) ? "" : shorten(clean);
}

/** Headers arrive byte by byte as Latin-1, though many a client writes UTF-8 there. */
function fromUtf8(text: string): string {
  if (!/^[\0-\u00ff]*$/.test(text)) return text;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(text, "latin1"));
  } catch {
    return text;
  }
}

/** Cuts a name that is too long in the middle, so that its ending stays. */
function shorten(name: string): string {
  const characters = Array.from(name);
  if (characters.length <= FILE_NAME_CHARACTERS) return name;
  const ending = Array.from(/\.[^.]{1,20}$/.exec(name)?.[0] ?? "");
  return [...characters.slice(0, FILE_NAME_CHARACTERS - ending.length), ...ending].join("");
}
