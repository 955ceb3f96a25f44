import type { Json } from "../snapshot.ts";

const REASONS: Readonly<Record<string, string>> = {
  stop: "stop",
  completed: "stop",
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  length: "length",
  max_tokens: "length",
  max_output_tokens: "length",
  model_length: "length",
  model_context_window_exceeded: "length",
  tool_calls: "tool-calls",
  tool_use: "tool-calls",
  function_call: "tool-calls",
  content_filter: "content-filter",
  refusal: "content-filter",
  error: "error",
  failed: "error",
};

/** A provider's own word for why an answer ended, as the AI SDK would put it. */
export function finishReason(reason: Json | undefined): string {
  return typeof reason === "string" && Object.hasOwn(REASONS, reason) ? (REASONS[reason] ?? "other") : "other";
}
