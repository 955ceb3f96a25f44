import {
  DEBUG_EXPORT_VERSION,
  DEBUG_RUNS_LISTED,
  debugChatExportSchema,
  debugRunExportSchema,
  type DebugChatExport,
  type DebugRunExport,
} from "@shelflife/api-contract";

import type { Clock } from "../../clock.ts";
import { codeOf } from "../../coded-error.ts";
import { writeRun } from "../../recording/render-debug-run.ts";
import type { StoredRunWithSteps } from "../../store/debug-runs.ts";
import type { RequestContext } from "../environment.ts";
import { notFound } from "../http-error.ts";
import type { Route } from "../route.ts";
import { streamJson } from "../stream-json.ts";
import { pathId } from "../validate.ts";
import { readingOf } from "./debug-runs.ts";

type FailedRun = NonNullable<DebugChatExport["failed_runs"]>[number];

/** What was recorded of a chat as documents to keep: they are written step by step, so that a long chat needs no memory. */
export function debugExportRoutes(prefix: string, { clock }: { clock: Clock }): Route[] {
  return [
    {
      method: "get",
      path: `${prefix}/{chat}/debug/export`,
      summary: "The newest debug runs of a chat, at most 100, with all their payloads, as one JSON document.",
      permission: "own_chats:use",
      answers: { 200: { description: "The document, streamed.", schema: debugChatExportSchema } },
      async handle(context) {
        const reading = readingOf(context);
        const runs = await context.get("store").listDebugRuns(reading);
        if (runs === undefined) throw notFound("chat");
        const head = {
          version: DEBUG_EXPORT_VERSION,
          scope: "chat",
          exported_at: clock.now().toISOString(),
          chat_id: reading.chatId,
          requested_run_count: runs.length,
          limited_to_most_recent: DEBUG_RUNS_LISTED,
        } satisfies Partial<DebugChatExport>;
        asDownload(context, `shelflife-chat-${reading.chatId}.json`);
        return streamJson(context, writeChat(context, head, reading, runs));
      },
    },
    {
      method: "get",
      path: `${prefix}/{chat}/debug/runs/{run}/export`,
      summary: "One debug run with all its payloads, as a JSON document.",
      permission: "own_chats:use",
      answers: { 200: { description: "The document.", schema: debugRunExportSchema } },
      async handle(context) {
        const reading = readingOf(context);
        const runId = pathId(context, "run", "Invalid debug run ID.");
        const run = await context.get("store").readDebugRun({ ...reading, runId });
        if (run === undefined) throw notFound("debug run");
        const head = {
          version: DEBUG_EXPORT_VERSION,
          scope: "run",
          exported_at: clock.now().toISOString(),
          chat_id: reading.chatId,
          run_id: runId,
        } satisfies Omit<DebugRunExport, "run">;
        asDownload(context, `shelflife-run-${runId}.json`);
        return streamJson(context, writeOneRun(head, run));
      },
    },
  ];
}

function asDownload(context: RequestContext, name: string): void {
  context.header("Content-Disposition", `attachment; filename="${name}"`);
}

async function* writeOneRun(head: object, run: StoredRunWithSteps): AsyncGenerator<string, void> {
  yield `${JSON.stringify(head).slice(0, -1)},"run":`;
  yield* writeRun(run);
  yield "}";
}

async function* writeChat(
  context: RequestContext,
  head: object,
  reading: { chatId: string; readerId: string },
  runs: readonly { readonly id: string }[],
): AsyncGenerator<string, void> {
  const failed: FailedRun[] = [];
  let written = 0;
  yield `${JSON.stringify(head).slice(0, -1)},"runs":[`;
  for (const { id } of runs) {
    const run = await readForExport(context, { ...reading, runId: id });
    if ("error" in run) {
      failed.push(run);
      continue;
    }
    if (written > 0) yield ",";
    yield* writeRun(run);
    written += 1;
  }
  const tail = { run_count: written, ...(failed.length === 0 ? {} : { failed_runs: failed }) };
  yield `],${JSON.stringify(tail).slice(1)}`;
}

/** One run that cannot be read leaves a gap that the document names; the others are exported all the same. */
async function readForExport(
  context: RequestContext,
  reading: { chatId: string; readerId: string; runId: string },
): Promise<StoredRunWithSteps | FailedRun> {
  const { runId } = reading;
  try {
    return (await context.get("store").readDebugRun(reading)) ?? { id: runId, error: "The run is gone." };
  } catch (error) {
    context.get("log").error({ err: error, run_id: runId, code: codeOf(error) }, "a run could not be exported");
    return { id: runId, error: "The run could not be read." };
  }
}
