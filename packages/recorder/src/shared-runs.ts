import type { ChatScope } from "./chat-scope.ts";
import { isAbort } from "./normalize-error.ts";
import type { RunOutcome, RunRecording } from "./run-recording.ts";

/** Recorders that send to different servers do not share their runs. */
type Sharer = object;

interface SharedRuns {
  runs: Map<Sharer, RunRecording>;
  /** Where the calls are made, for the metadata of their steps: in which tool, if in one. */
  tool: Record<string, string | number> | undefined;
}

const sharedRuns = new WeakMap<ChatScope, SharedRuns>();

function sharedIn(scope: ChatScope): SharedRuns {
  const shared = sharedRuns.get(scope) ?? { runs: new Map<Sharer, RunRecording>(), tool: undefined };
  sharedRuns.set(scope, shared);
  return shared;
}

export interface JoinedRun {
  run: RunRecording;
  /** Set where the run is that of the call which a tool runs for, and which ends it: who made the tool run. */
  tool: Record<string, string | number> | undefined;
}

/**
 * The run that the calls of a piece of work belong to: one for each recorder, made with the first call. It is over when
 * the work has ended and nothing of it is going on any more; a call that comes later makes another.
 */
export function joinRun(scope: ChatScope, sharer: Sharer, makeRun: () => RunRecording): JoinedRun {
  const shared = sharedIn(scope);
  const known = shared.runs.get(sharer);
  if (known?.open) return { run: known, tool: shared.tool };
  const run = makeRun();
  shared.runs.set(sharer, run);
  shared.tool = undefined;
  if (!scope.ended) {
    const release = run.hold();
    scope.onEnd((outcome) => release(outcome.status === "rejected" ? outcomeOf(outcome.reason) : undefined));
  }
  return { run, tool: undefined };
}

/** Lets the calls that a tool makes belong to the run of the call that the tool runs for. */
export function shareRun(scope: ChatScope, sharer: Sharer, run: RunRecording, tool: JoinedRun["tool"]): void {
  const shared = sharedIn(scope);
  shared.runs.set(sharer, run);
  shared.tool = tool;
}

function outcomeOf(error: unknown): RunOutcome {
  return isAbort(error) ? "interrupted" : "error";
}
