import { Buffer } from "node:buffer";

import { PAGE_DEFAULT, PAGE_MAX } from "@shelflife/api-contract";
import { z } from "zod";

import type { PageCursor } from "../store/page-cursor.ts";
import type { Route } from "./route.ts";

/** As PostgreSQL writes a moment in UTC. */
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?\+00$/;

/** What `next_before` of a page holds: callers take it as it is and give it back. */
export function writeCursor(cursor: PageCursor | null): string | null {
  return cursor === null ? null : Buffer.from(`${cursor.time} ${cursor.id}`).toString("base64url");
}

/** The parameter `before`: where the page before has ended. */
export const beforeSchema = z
  .string()
  .transform((text, context): PageCursor => {
    const written = Buffer.from(text, "base64url").toString();
    const time = written.slice(0, -37);
    const id = z.guid().safeParse(written.slice(-36));
    if (TIME.test(time) && !Number.isNaN(Date.parse(time)) && id.success && written.at(-37) === " ") {
      return { time, id: id.data };
    }
    context.addIssue({ code: "custom", message: "must be the next_before of a page" });
    return z.NEVER;
  })
  .optional();

/** A name to filter by; PostgreSQL takes no text with U+0000. */
export const filterSchema = z
  .string()
  .min(1)
  .max(100)
  .refine((text) => !text.includes("\0"), { error: "must not hold the character U+0000" })
  .optional();

/** How the parameters of every such list are described. */
export const PAGE_PARAMETERS = {
  limit: { description: `${PAGE_DEFAULT} unless told.`, schema: z.int().min(1).max(PAGE_MAX) },
  before: { description: "The `next_before` of the page before.", schema: z.string() },
} as const satisfies Route["query"];
