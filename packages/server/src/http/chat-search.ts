import { pageLimitSchema } from "@shelflife/api-contract";
import { z } from "zod";

import { HttpError } from "./http-error.ts";
import { validateQuery } from "./validate.ts";

/** Which chats are asked for. */
export interface ChatSearch {
  readonly archived: boolean;
  /** What the title holds. */
  readonly title: string | undefined;
  readonly labels: Record<string, string> | undefined;
  readonly limit: number;
  readonly afterId: string | undefined;
  /** Whose chats; left out, one's own. */
  readonly ownerId: string | undefined;
}

const id = z.guid({ error: "must be a UUID" }).toLowerCase();
const text = z.string().refine((value) => !value.includes("\0"), { error: "must not hold the character U+0000" });

const querySchema = z.object({
  archived: z.enum(["true", "false"], { error: "must be true or false" }).optional(),
  q: text.optional(),
  label: z
    .array(text.regex(/^[^:]+:./su, { error: "must be key:value, neither of them empty" }))
    .max(50, { error: "must not be more than 50" })
    .optional(),
  limit: pageLimitSchema,
  after_id: id.optional(),
  owner_id: id.optional(),
});

/** Reads the query of a list of chats. @throws HttpError 400 that names every parameter that is wrong */
export function readChatSearch(query: Record<string, string[]>): ChatSearch {
  const single = Object.fromEntries(Object.entries(query).map(([name, values]) => [name, values[0]]));
  const read = validateQuery(querySchema, { ...single, label: query.label });
  const search = readTerms(read.q ?? "");
  if (read.archived !== undefined && search.archived !== undefined && read.archived !== search.archived) {
    throw wrong("q", "contradicts the parameter archived");
  }
  return {
    archived: (read.archived ?? search.archived ?? "false") === "true",
    title: search.title === "" ? undefined : search.title,
    labels: read.label && Object.fromEntries(read.label.map(readLabel)),
    limit: read.limit,
    afterId: read.after_id,
    ownerId: read.owner_id,
  };
}

/** A query is wrong in a way that only whoever carries it out finds. */
export function wrong(field: string, detail: string): HttpError {
  return new HttpError(400, "validation_failed", "The query is not valid.", { validations: [{ field, detail }] });
}

/** The search field: `archived:true` says which chats, and what is left is looked for in the titles, with `title:` or without. */
function readTerms(q: string): { archived: "true" | "false" | undefined; title: string } {
  let archived: "true" | "false" | undefined;
  const title = q.replaceAll(/(?<=^|\s)archived:(\S*)/gi, (_term, value: string) => {
    const lower = value.replaceAll('"', "").toLowerCase();
    if (lower !== "true" && lower !== "false") throw wrong("q", "archived: must be true or false");
    archived = lower;
    return "";
  });
  const words = title.replaceAll(/(?<=^|\s)title:/gi, "").replaceAll('"', "");
  return { archived, title: words.trim().replaceAll(/\s+/g, " ") };
}

function readLabel(label: string): [string, string] {
  const colon = label.indexOf(":");
  return [label.slice(0, colon), label.slice(colon + 1)];
}
