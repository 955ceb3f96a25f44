import { readField } from "./normalize-error.ts";

/** Longer lists of numbers are vectors. */
const SHORTEST_VECTOR = 16;

/** Vectors lie near the top of an answer. */
const MAX_DEPTH = 8;

/**
 * A payload in which vectors are replaced by their length: nobody reads their numbers, and copying them would take the
 * application's time.
 */
export function withoutVectors(payload: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH || typeof payload !== "object" || payload === null) return payload;
  if (Array.isArray(payload)) {
    return isVector(payload) ? `[${payload.length} NUMBERS]` : payload.map((item) => withoutVectors(item, depth + 1));
  }
  return Object.fromEntries(
    Object.keys(payload).map((key) => [key, withoutVectors(readField(payload, key), depth + 1)]),
  );
}

function isVector(list: unknown[]): boolean {
  return list.length >= SHORTEST_VECTOR && typeof list[0] === "number" && typeof list.at(-1) === "number";
}
