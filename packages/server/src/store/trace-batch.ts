import type { RunStatus } from "@shelflife/api-contract";

/** A tool's execution as a step's metadata holds it: redacted, and cut to a size that suits a small row. */
export interface ToolEvent {
  readonly span_id: string;
  readonly parent_span_id?: string;
  readonly tool_name: string;
  readonly tool_call_id?: string;
  /** The chat that its span names by itself; what it says goes into no other. */
  readonly chat_id?: string;
  readonly status: RunStatus;
  /** RFC 3339, UTC, in milliseconds. */
  readonly started_at: string;
  readonly finished_at?: string;
  readonly duration_ms?: number;
  readonly arguments?: unknown;
  readonly arguments_length?: number;
  readonly result?: unknown;
  readonly result_length?: number;
  readonly error?: object;
}

/** The span around a run's model calls and tools: an agent, a workflow or a chain. */
export interface OuterSpan {
  readonly span_id: string;
  readonly is_root: boolean;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly status: RunStatus;
}

export interface TraceRun {
  readonly id: string;
  readonly chatId: string;
}

/** What a batch holds of one trace, besides its steps. */
export interface PreparedTrace {
  readonly traceId: string;
  /** The trace's own chat: where spans that name none are recorded as long as no span of the trace names one. */
  readonly ownChatId: string;
  /** Where the batch puts such spans. Where another batch has found a chat for them meanwhile, this one is refused. */
  readonly homeChatId: string;
  /** The runs that the trace has, and those of this batch. */
  readonly runs: readonly TraceRun[];
  readonly tools: readonly PlacedTool[];
}

/** A tool, in the run that it belongs to as far as its own span tells. */
export interface PlacedTool {
  readonly runId: string;
  readonly event: ToolEvent;
}

/** What the small row of a step says. */
export interface KnownStep {
  readonly id: string;
  readonly run_id: string;
  readonly step_number: number;
  readonly status: RunStatus;
  /** RFC 3339, UTC, in milliseconds. */
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}
