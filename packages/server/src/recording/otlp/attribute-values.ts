import type { Attributes } from "./span.ts";

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The first of these attributes that is a text and not empty. */
export function textOf(attributes: Attributes, ...keys: string[]): string | undefined {
  return keys.map((key) => attributes.get(key)).find((value) => typeof value === "string" && value !== "") as
    | string
    | undefined;
}

/** The first of these attributes that is a number, or the decimal text of one. */
export function numberOf(attributes: Attributes, ...keys: string[]): number | undefined {
  for (const key of keys) {
    const value = attributes.get(key);
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
  }
  return undefined;
}

/** The first of these attributes that is there, as it is. */
export function valueOf(attributes: Attributes, ...keys: string[]): unknown {
  return keys.map((key) => attributes.get(key)).find((value) => value !== undefined && value !== null);
}

/** The first of these attributes that is there; a text that is JSON as what it stands for. */
export function jsonOf(attributes: Attributes, ...keys: string[]): unknown {
  return parsed(valueOf(attributes, ...keys));
}

/** A text that is a JSON object or list as what it stands for; anything else as it is. */
export function parsed(value: unknown): unknown {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    const json: unknown = JSON.parse(value);
    return makeStorable(json) ? json : value;
  } catch {
    // It was cut off, or only looks like JSON.
    return value;
  }
}

/** Far more than any message needs, and less than what the steps and the database take. */
const DEPTH_MAX = 60;

/** The database stores neither U+0000 nor half a character; one such text must not cost the whole span. */
export function storable(text: string): string {
  return text.replaceAll("\0", "\uFFFD").toWellFormed();
}

/**
 * Makes the texts in a value that was just parsed storable, without recursion, since its nesting is the sender's choice.
 *
 * @returns false where it nests too deep, or has a member whose name is not storable
 */
function makeStorable(json: unknown): boolean {
  const pending: { owner: object; depth: number }[] = [{ owner: json as object, depth: 1 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { owner, depth } = next;
    if (depth > DEPTH_MAX) return false;
    for (const [key, value] of Object.entries(owner)) {
      if (key !== storable(key)) return false;
      if (typeof value === "string") Reflect.set(owner, key, storable(value));
      else if (typeof value === "object" && value !== null) pending.push({ owner: value, depth: depth + 1 });
    }
  }
  return true;
}

/** A list as it is; anything else that is there as the only element of one. */
export function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

/** No list in a span is longer than this when it is written out as attributes. */
const INDEX_MAX = 10_000;

/** The names and indices between a prefix and a value. */
const PATH_MAX = 20;

/**
 * Puts together what instrumentations write out as one attribute for each value: from `gen_ai.prompt.0.role` and
 * `gen_ai.prompt.0.content` under the prefix `gen_ai.prompt`, a list with one record of `role` and `content`.
 *
 * @returns undefined where no attribute starts with the prefix and an index
 */
export function gatherList(attributes: Attributes, prefix: string): unknown[] | undefined {
  const root: Record<string, unknown> = {};
  for (const [key, value] of attributes) {
    if (!key.startsWith(`${prefix}.`)) continue;
    const path = key.slice(prefix.length + 1).split(".");
    if (/^\d{1,5}$/.test(path[0] ?? "") && path.length <= PATH_MAX) setAt(root, path, value);
  }
  const list = toList(root);
  return Array.isArray(list) && list.length > 0 ? list : undefined;
}

function setAt(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let current = root;
  for (const name of path.slice(0, -1)) {
    const inner = Object.hasOwn(current, name) ? current[name] : undefined;
    const next: Record<string, unknown> = isRecord(inner) ? inner : Object.create(null);
    current[name] = next;
    current = next;
  }
  const last = path.at(-1) ?? "";
  if (!isRecord(current[last])) current[last] = value;
}

/** Records whose every name is an index become lists. */
function toList(value: unknown): unknown {
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([name, inner]) => [name, toList(inner)] as const);
  const isList = entries.length > 0 && entries.every(([name]) => /^\d{1,5}$/.test(name) && Number(name) < INDEX_MAX);
  if (!isList) return Object.fromEntries(entries);
  return entries.toSorted(([a], [b]) => Number(a) - Number(b)).map(([, inner]) => inner);
}
