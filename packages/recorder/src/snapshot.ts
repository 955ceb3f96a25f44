export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}

/** Deep enough for any payload, and far enough from the depth at which the server refuses an item. */
const MAX_DEPTH = 64;

/** Bounds the work on the application's own path: about ten milliseconds at the very worst. */
const MAX_NODES = 100_000;

export const UNREADABLE = "[UNREADABLE]";
export const CIRCULAR = "[CIRCULAR]";
export const TOO_DEEP = "[TOO DEEP]";
export const TOO_LARGE = "[TOO LARGE]";

/**
 * Copies a value as plain JSON, so that what the application changes afterwards does not reach the record. Never
 * throws, whatever the value does: getters that throw, circular references, revoked proxies. Strings are shared and
 * not copied, which keeps this cheap; the bytes of files become `{byte_length}` and are never copied at all.
 */
export function snapshot(value: unknown, maxNodes: number = MAX_NODES): Json {
  return copy(value, { nodesLeft: maxNodes, ancestors: [] }) ?? null;
}

interface Walk {
  nodesLeft: number;
  ancestors: object[];
}

/** Answers undefined for what JSON leaves out. */
function copy(value: unknown, walk: Walk): Json | undefined {
  walk.nodesLeft -= 1;
  if (walk.nodesLeft < 0) return TOO_LARGE;
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      // Adding 0 makes the zero that JSON knows of the one that it does not.
      return Number.isFinite(value) ? value + 0 : null;
    case "bigint":
      return value.toString();
    case "object":
      return value === null ? null : copyObject(value, walk);
    default:
      return undefined;
  }
}

function copyObject(value: object, walk: Walk): Json | undefined {
  if (walk.ancestors.includes(value)) return CIRCULAR;
  if (walk.ancestors.length >= MAX_DEPTH) return TOO_DEEP;
  walk.ancestors.push(value);
  try {
    return copyContent(value, walk);
  } catch {
    return UNREADABLE;
  } finally {
    walk.ancestors.pop();
  }
}

function copyContent(value: object, walk: Walk): Json | undefined {
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return { byte_length: value.byteLength };
  if (value instanceof Blob) return { byte_length: value.size };
  if (value instanceof Error) return copyError(value, walk);
  if (Array.isArray(value)) return copyArray(value, walk);
  const toJson: unknown = Reflect.get(value, "toJSON");
  if (typeof toJson === "function") return copy(Reflect.apply(toJson, value, []), walk);
  return copyFields(value, walk);
}

/** What an error says of itself; the rest may be the whole request that it failed for. */
function copyError(error: Error, walk: Walk): JsonObject {
  return { name: read(error, "name", walk) ?? null, message: read(error, "message", walk) ?? null };
}

function copyArray(values: unknown[], walk: Walk): Json[] {
  const copied: Json[] = [];
  for (let index = 0; index < values.length; index += 1) {
    copied.push(read(values, index, walk) ?? null);
    if (walk.nodesLeft < 0) break;
  }
  return copied;
}

function copyFields(value: object, walk: Walk): JsonObject {
  const fields: [string, Json][] = [];
  for (const key of Object.keys(value)) {
    const copied = read(value, key, walk);
    if (copied !== undefined) fields.push([key, copied]);
    if (walk.nodesLeft < 0) break;
  }
  // Unlike an assignment, this makes even a key named __proto__ an ordinary field.
  return Object.fromEntries(fields);
}

/** One field that cannot be read must not lose its neighbours. */
function read(owner: object, key: string | number, walk: Walk): Json | undefined {
  let value: unknown;
  try {
    value = Reflect.get(owner, key);
  } catch {
    return UNREADABLE;
  }
  return copy(value, walk);
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field's text, or undefined where it holds anything else. */
export function textOf(object: JsonObject, field: string): string | undefined {
  const value = object[field];
  return typeof value === "string" ? value : undefined;
}

export function arrayOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}
