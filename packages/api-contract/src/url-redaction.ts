import { REDACTED_MARK } from "./limits.ts";
import { isSensitiveParameter } from "./sensitive-names.ts";

/** Finds out whether a query value, which may be JSON or a URL itself, holds a secret. */
export type HoldsSecret = (decoded: string) => boolean;

/** How often a value may be encoded; one that is encoded more often goes whole. */
const ENCODINGS = 5;

/**
 * Redacts user info and the values of sensitive names in the query, the fragment and the path's parameters. The text is
 * taken apart by hand and not by a URL parser, since relative and malformed URLs carry secrets too, and since what is
 * not secret must stay as it was written.
 */
export function redactUrlParts(text: string, holdsSecret: HoldsSecret): string {
  // URL parsers skip these characters, so a name that is split by one is still that name.
  const url = text.replace(/[\t\r\n]/g, "");
  const { authority, rest } = splitAuthority(url);
  const query = rest.search(/[?#&]/);
  const path = query < 0 ? rest : rest.slice(0, query);
  const parameters = query < 0 ? "" : rest.slice(query);
  return authority + redactPathParameters(path) + redactParameters(parameters, /[^&#]+/g, holdsSecret);
}

const AUTHORITY = /^[^!-~]*(?:(?:https?|wss?|ftp):[\\/]*|[a-z][a-z0-9+.-]*:\/\/|[\\/]{2,})/i;

/** Takes off the scheme and the host, without the user info, from what follows them. */
function splitAuthority(url: string): { authority: string; rest: string } {
  const opening = AUTHORITY.exec(url)?.[0];
  const afterOpening = url.slice(opening?.length ?? 0);
  const length = afterOpening.search(/[\\/?#]/);
  const authority = length < 0 ? afterOpening : afterOpening.slice(0, length);
  const rest = length < 0 ? "" : afterOpening.slice(length);
  const at = authority.lastIndexOf("@");
  if (opening === undefined) {
    // Without a scheme, only `user:password@host` is user info: a path may well contain an at sign.
    const colon = authority.indexOf(":");
    return { authority: "", rest: colon >= 0 && colon < at ? REDACTED_MARK + url.slice(at) : url };
  }
  if (at > 0) return { authority: opening + REDACTED_MARK + authority.slice(at), rest };
  // A password that was not encoded may hold a slash, which makes the URL malformed: then all up to the last at sign goes.
  const last = rest.lastIndexOf("@");
  if (at < 0 && last >= 0 && !canParse(url)) return { authority: opening + REDACTED_MARK, rest: rest.slice(last) };
  return { authority: opening + authority, rest };
}

function canParse(url: string): boolean {
  return URL.canParse(url, "http://localhost");
}

function redactPathParameters(path: string): string {
  return path.replace(/;([^;=/]+)=([^;/]+)/g, (whole, name: string, value: string) =>
    isSensitiveParameter(decode(name), value) ? `;${name}=${redacted(value)}` : whole,
  );
}

/**
 * Redacts `name=value` pairs. Each run of text that `pairs` matches is one pair, or several where a value holds another
 * URL as it is: `next=/callback?token=...`. A secret reaches to the end of its run, whatever characters it holds.
 */
export function redactParameters(text: string, pairs: RegExp, holdsSecret: HoldsSecret): string {
  return text.replace(pairs, (run) => {
    let consumed = 0;
    for (const piece of run.split(/(?<=[?;])/)) {
      const equals = piece.indexOf("=");
      const start = consumed + equals + 1;
      const value = run.slice(start);
      if (equals >= 0 && isSensitiveParameter(decode(piece.slice(0, equals)), value)) {
        return run.slice(0, start) + redacted(value);
      }
      consumed += piece.length;
    }
    return redactHidden(run, holdsSecret);
  });
}

/** A value that holds a secret of its own, as it is or encoded, goes whole. */
function redactHidden(run: string, holdsSecret: HoldsSecret): string {
  const start = run.indexOf("=") + 1;
  let value = run.slice(start);
  for (let level = 0; level < ENCODINGS; level++) {
    if (holdsSecret(value)) break;
    const decoded = decode(value);
    if (decoded === value) return run;
    value = decoded;
  }
  return run.slice(0, start) + redacted(run.slice(start));
}

/** What remains of a mark that was cut off is left alone, so that a second pass changes nothing. */
function redacted(value: string): string {
  return REDACTED_MARK.startsWith(value) ? value : REDACTED_MARK;
}

/** Lenient: a damaged escape stays as it is. Only for looking: it reads bytes as Latin-1. */
function decode(text: string): string {
  return text
    .replaceAll("+", " ")
    .replace(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
