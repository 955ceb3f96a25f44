import { v5 as nameBasedUuid } from "uuid";

/** The roots of the ids of what traces are recorded as. Changing one would record every trace that is sent again twice. */
const TRACE_CHATS = "0b4e6c0c-7d7e-5f53-8c3e-7a52b4d3f6a1";
const TRACE_RUNS = "b8f3c7de-52d1-5b7a-9f2e-4c1d6a0e93f5";
const SPAN_STEPS = "6e2d9a41-0f6b-5c8d-b1a7-93c45e7f2d08";

/** The chat of a trace that names none. */
export function traceChatId(traceId: string): string {
  return nameBasedUuid(traceId, TRACE_CHATS);
}

/** What a trace does in one chat is one run. */
export function traceRunId(traceId: string, chatId: string): string {
  return nameBasedUuid(`${traceId} ${chatId}`, TRACE_RUNS);
}

/** A model call's span is one step, wherever it is recorded. */
export function spanStepId(traceId: string, spanId: string): string {
  return nameBasedUuid(`${traceId} ${spanId}`, SPAN_STEPS);
}

/** Where a run keeps its tool calls as long as no model call of it is known. */
export function toolsStepId(runId: string): string {
  return nameBasedUuid("tools", runId);
}

/** The order of what happens in a trace. Starts are told apart by milliseconds only; what starts in the same one keeps the same order everywhere. */
export function byStart(a: { started_at: string; id: string }, b: { started_at: string; id: string }): number {
  if (a.started_at !== b.started_at) return a.started_at < b.started_at ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
