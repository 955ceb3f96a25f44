import { debugRunSchema, debugRunSummarySchema } from "@shelflife/api-contract";
import { z } from "zod";

import { renderRun, renderRunSummary } from "../../recording/render-debug-run.ts";
import type { RequestContext } from "../environment.ts";
import { notFound } from "../http-error.ts";
import type { Route } from "../route.ts";
import { pathId } from "../validate.ts";

/** What was recorded of a chat, for whoever may read the chat. */
export function debugRunRoutes(prefix: string): Route[] {
  return [
    {
      method: "get",
      path: `${prefix}/{chat}/debug/runs`,
      summary: "The newest debug runs of a chat, at most 100, without their payloads.",
      permission: "own_chats:use",
      answers: { 200: { description: "Newest first.", schema: z.array(debugRunSummarySchema) } },
      async handle(context) {
        const runs = await context.get("store").listDebugRuns(readingOf(context));
        if (runs === undefined) throw notFound("chat");
        return context.json(runs.map(renderRunSummary));
      },
    },
    {
      method: "get",
      path: `${prefix}/{chat}/debug/runs/{run}`,
      summary: "A debug run with its steps.",
      permission: "own_chats:use",
      answers: { 200: { description: "The run; steps by their number.", schema: debugRunSchema } },
      async handle(context) {
        const reading = readingOf(context);
        const runId = pathId(context, "run", "Invalid debug run ID.");
        const run = await context.get("store").readDebugRun({ ...reading, runId });
        if (run === undefined) throw notFound("debug run");
        return context.json(await renderRun(run));
      },
    },
  ];
}

function readingOf(context: RequestContext): { chatId: string; readerId: string } {
  const actor = context.get("actor");
  const chatId = pathId(context, "chat", "Invalid chat ID.");
  return { chatId, readerId: actor.kind === "user" ? actor.userId : "" };
}
