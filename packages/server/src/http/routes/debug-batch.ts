import {
  chatItemSchema,
  debugBatchResultSchema,
  debugBatchSchema,
  INGEST_BODY_BYTES,
  INGEST_ITEMS,
  runItemSchema,
  stepItemSchema,
} from "@shelflife/api-contract";
import { z } from "zod";

import { ingest, type IngestDependencies } from "../../recording/ingest.ts";
import { HttpError } from "../http-error.ts";
import { readJson } from "../read-json.ts";
import type { Route } from "../route.ts";
import { validate } from "../validate.ts";

/** How the items look; the envelope alone is checked as a whole. */
const documentedSchema = z.object({
  chats: z.array(chatItemSchema).optional(),
  runs: z.array(runItemSchema).optional(),
  steps: z.array(stepItemSchema).optional(),
});

/** The door through which everything that is recorded comes in. */
export function debugBatchRoute(prefix: string, dependencies: Omit<IngestDependencies, "store" | "log">): Route {
  return {
    method: "post",
    path: `${prefix}/debug/batch`,
    summary:
      "Record chats, debug runs and steps. Items are upserted by id; sending one again changes nothing but its clock.",
    permission: "ingest",
    body: { schema: documentedSchema, description: "At most 16 MiB after decompression; gzip is accepted." },
    answers: {
      200: { description: "How many items were accepted, and why others were not.", schema: debugBatchResultSchema },
    },
    async handle(context) {
      const batch = validate(debugBatchSchema, await readJson(context, INGEST_BODY_BYTES));
      const items = [batch.chats, batch.runs, batch.steps].reduce((sum, list) => sum + (list?.length ?? 0), 0);
      if (items > INGEST_ITEMS) {
        throw new HttpError(
          400,
          "validation_failed",
          `A batch holds at most ${INGEST_ITEMS} items; this one has ${items}.`,
        );
      }
      const actor = context.get("actor");
      if (actor.kind !== "user") throw new HttpError(403, "forbidden", "You may not do this.");
      const caller = { userId: actor.userId, scope: actor.scope };
      return context.json(
        await ingest({ ...dependencies, store: context.get("store"), log: context.get("log") }, caller, batch),
      );
    },
  };
}
