import type { NormalizedUsage } from "@shelflife/api-contract";

import { type Json, type JsonObject, isJsonObject } from "../snapshot.ts";

/** Keeps the counts that are counts: the contract knows whole numbers only. */
export function wireUsage(counts: Readonly<Record<keyof NormalizedUsage, Json | undefined>>): NormalizedUsage {
  const usage: NormalizedUsage = {};
  for (const [name, value] of Object.entries(counts)) {
    if (isCount(value)) usage[name as keyof NormalizedUsage] = value;
  }
  return usage;
}

/** Adds what is there; undefined where nothing is. */
export function sumOfCounts(...counts: (Json | undefined)[]): number | undefined {
  const known = counts.filter(isCount);
  return known.length === 0 ? undefined : known.reduce((sum, count) => sum + count, 0);
}

export function objectIn(owner: JsonObject, field: string): JsonObject {
  const value = owner[field];
  return isJsonObject(value) ? value : {};
}

function isCount(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
