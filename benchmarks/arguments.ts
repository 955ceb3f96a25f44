import { parseArgs } from "node:util";

import { SIZES, type Size, type SizeName } from "./sizes.ts";

export const TARGETS = ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P9", "P10", "P11"] as const;

export type Target = (typeof TARGETS)[number];

export interface Arguments {
  readonly size: Size;
  readonly targets: ReadonlySet<Target>;
}

/** @throws Error with a sentence for whoever called it wrongly */
export function readArguments(given: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...given],
    options: { size: { type: "string", default: "quick" }, only: { type: "string", default: TARGETS.join(",") } },
  });
  if (!isSizeName(values.size)) throw new Error(`--size must be one of ${Object.keys(SIZES).join(", ")}.`);
  const targets = values.only.split(",").map((name) => name.trim().toUpperCase());
  const unknown = targets.filter((name) => !isTarget(name));
  if (unknown.length > 0)
    throw new Error(`--only takes a list of ${TARGETS.join(", ")}; it does not know ${unknown.join(", ")}.`);
  return { size: SIZES[values.size], targets: new Set(targets.filter(isTarget)) };
}

function isSizeName(name: string): name is SizeName {
  return Object.hasOwn(SIZES, name);
}

function isTarget(name: string): name is Target {
  return TARGETS.some((target) => target === name);
}
