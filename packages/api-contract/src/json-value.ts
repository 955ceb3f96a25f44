import { namesHeaders } from "./json-text.ts";
import { REDACTED_MARK } from "./limits.ts";
import { isSensitiveHeader, isSensitiveKey } from "./sensitive-names.ts";
import { redactText } from "./text-redaction.ts";

interface Pending {
  source: object;
  copy: object;
  hasHeaders: boolean;
}

/**
 * A copy of a JSON value without its secrets. What a sensitive key holds goes whole, whatever its type. The work list
 * is a list and not recursion, so that no nesting overflows the stack, and each object is copied once, so that one
 * which holds itself does not go on for ever.
 */
export function redactJson(value: unknown): unknown {
  const copies = new Map<object, object>();
  const pending: Pending[] = [];
  const start = (item: unknown, key: string | undefined, inHeaders: boolean): unknown => {
    if (typeof item === "string") return redactText(item, key);
    if (typeof item !== "object" || item === null) return item;
    if (ArrayBuffer.isView(item) || item instanceof ArrayBuffer) return REDACTED_MARK;
    const known = copies.get(item);
    if (known !== undefined) return known;
    const source = asJson(item);
    if (typeof source !== "object" || source === null) return start(source, key, false);
    const copy = Array.isArray(source) ? [] : {};
    copies.set(item, copy);
    pending.push({ source, copy, hasHeaders: inHeaders || namesHeaders(key) });
    return copy;
  };
  const result = start(value, undefined, false);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { source, copy, hasHeaders } = next;
    if (Array.isArray(source)) {
      for (const item of source) (copy as unknown[]).push(start(item, undefined, hasHeaders));
      continue;
    }
    for (const [key, item] of Object.entries(source)) {
      const isCount = typeof item !== "object" ? typeof item !== "string" : item === null;
      const isSecret = isSensitiveKey(key, isCount) || (hasHeaders && isSensitiveHeader(key));
      setMember(copy, key, isSecret && item !== undefined ? REDACTED_MARK : start(item, key, false));
    }
  }
  return result;
}

/** Dates and URLs say themselves what they are in JSON. */
function asJson(item: object): unknown {
  try {
    return "toJSON" in item && typeof item.toJSON === "function" ? (item.toJSON() as unknown) : item;
  } catch {
    return REDACTED_MARK;
  }
}

/** An assignment to `__proto__` would change the prototype instead of adding a member. */
function setMember(target: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    (target as Record<string, unknown>)[key] = value;
  }
}

/** The value as JSON text; nothing where it has none, nests too deep for the serialiser or holds itself. */
export function toJsonText(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
