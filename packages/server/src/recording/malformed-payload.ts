import type { MalformedPayload } from "@shelflife/api-contract";
import { z } from "zod";

const RAW_CHARACTERS_SHOWN = 2_000;

/** What stands where something stored is damaged or has the wrong shape. */
export function malformed(parseError: string, raw: string): MalformedPayload {
  return {
    error: "malformed debug payload",
    parse_error: parseError.slice(0, RAW_CHARACTERS_SHOWN),
    raw: raw.slice(0, RAW_CHARACTERS_SHOWN),
  };
}

/** A part that is stored as JSON by itself, answered wrapped where it has not the expected shape. */
export function checkShape<T extends object>(value: unknown, schema: z.ZodType<T>): T | MalformedPayload {
  const parsed = schema.safeParse(value);
  if (parsed.success) return value as T;
  return malformed(z.prettifyError(parsed.error), JSON.stringify(value));
}
