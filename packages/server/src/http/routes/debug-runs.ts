import {
  debugRunSchema,
  debugRunSkeletonSchema,
  debugRunSummarySchema,
  debugStepSchema,
} from "@shelflife/api-contract";
import { z } from "zod";

import { renderRunSkeleton, renderRunSummary, renderStepAlone, writeRun } from "../../recording/render-debug-run.ts";
import type { RequestContext } from "../environment.ts";
import { HttpError, notFound } from "../http-error.ts";
import type { Route } from "../route.ts";
import { streamJson } from "../stream-json.ts";
import { NO_CHAT } from "../own-data.ts";
import { pathId } from "../validate.ts";

/** What was recorded of a chat, for whoever may read the chat. */
export function debugRunRoutes(prefix: string): Route[] {
  return [
    {
      method: "get",
      path: `${prefix}/{chat}/debug/runs`,
      summary: "The newest debug runs of a chat, at most 100, without their payloads.",
      permission: "own_chats:use",
      answers: { 200: { description: "Newest first.", schema: z.array(debugRunSummarySchema) }, ...NO_CHAT },
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
      query: {
        payloads: {
          description: "`false` leaves out the payloads of the steps and says how many bytes they take.",
          schema: z.enum(["true", "false"]),
        },
      },
      answers: {
        200: {
          description: "The run; steps by their number.",
          schema: z.union([debugRunSchema, debugRunSkeletonSchema]),
        },
        400: { description: "Invalid chat ID. Invalid debug run ID." },
        404: { description: "There is no such debug run, or you may not see it." },
      },
      async handle(context) {
        const reading = readingOf(context);
        const runId = pathId(context, "run", "Invalid debug run ID.");
        if (!wantsPayloads(context)) {
          const skeleton = await context.get("store").readDebugRunSkeleton({ ...reading, runId });
          if (skeleton === undefined) throw notFound("debug run");
          return context.json(renderRunSkeleton(skeleton));
        }
        const run = await context.get("store").readDebugRun({ ...reading, runId });
        if (run === undefined) throw notFound("debug run");
        return streamJson(context, writeRun(run));
      },
    },
    {
      method: "get",
      path: `${prefix}/{chat}/debug/runs/{run}/steps/{step}`,
      summary: "One step of a debug run with its payloads.",
      permission: "own_chats:use",
      answers: { 200: { description: "The step.", schema: debugStepSchema } },
      async handle(context) {
        const reading = readingOf(context);
        const runId = pathId(context, "run", "Invalid debug run ID.");
        const stepId = pathId(context, "step", "Invalid debug step ID.");
        const step = await context.get("store").readDebugStep({ ...reading, runId, stepId });
        if (step === undefined) throw notFound("debug step");
        return context.json(await renderStepAlone(step));
      },
    },
  ];
}

function wantsPayloads(context: RequestContext): boolean {
  const payloads = context.req.query("payloads") ?? "true";
  if (payloads === "true" || payloads === "false") return payloads === "true";
  throw new HttpError(400, "validation_failed", "The query is not valid.", {
    validations: [{ field: "payloads", detail: "must be true or false" }],
  });
}

/** Which chat is read, and on whose behalf. */
export function readingOf(context: RequestContext): { chatId: string; readerId: string } {
  const actor = context.get("actor");
  const chatId = pathId(context, "chat", "Invalid chat ID.");
  return { chatId, readerId: actor.kind === "user" ? actor.userId : "" };
}
