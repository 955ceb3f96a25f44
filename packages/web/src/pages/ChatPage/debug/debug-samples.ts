import type { DebugRunSkeleton, DebugRunSummary, DebugStep, DebugStepSkeleton } from "@shelflife/api-contract";

export const CHAT_ID = "01990000-0000-7000-8000-000000000001";
const RUN_ID = "01990000-0000-7000-8000-000000000002";
const STEP_ID = "01990000-0000-7000-8000-000000000003";

/** A finished run as the list shows it. */
export function sampleRun(changes: Partial<DebugRunSummary> = {}): DebugRunSummary {
  return {
    id: RUN_ID,
    chat_id: CHAT_ID,
    kind: "chat_turn",
    status: "completed",
    provider: "openai",
    model: "gpt-5",
    summary: {
      first_message: "What is in the invoice?",
      step_count: 2,
      total_input_tokens: 1_024,
      total_output_tokens: 96,
      has_error: false,
    },
    started_at: "2026-11-22T11:00:00.000Z",
    updated_at: "2026-11-22T11:00:04.000Z",
    finished_at: "2026-11-22T11:00:04.000Z",
    ...changes,
  };
}

export function sampleStep(changes: Partial<DebugStepSkeleton> = {}): DebugStepSkeleton {
  return {
    id: STEP_ID,
    run_id: RUN_ID,
    chat_id: CHAT_ID,
    step_number: 1,
    operation: "stream",
    status: "completed",
    usage: { input_tokens: 1_024, output_tokens: 96 },
    metadata: {},
    started_at: "2026-11-22T11:00:00.000Z",
    updated_at: "2026-11-22T11:00:02.000Z",
    finished_at: "2026-11-22T11:00:02.000Z",
    payload_bytes: 1_200,
    ...changes,
  };
}

/** A run of two steps with a tool between them. */
export function sampleSkeleton(changes: Partial<DebugRunSkeleton> = {}): DebugRunSkeleton {
  return {
    ...sampleRun(),
    steps: [
      sampleStep({
        metadata: {
          tools: [
            {
              tool_name: "read_file",
              started_at: "2026-11-22T11:00:02.000Z",
              finished_at: "2026-11-22T11:00:03.000Z",
            },
          ],
        },
      }),
      sampleStep({
        id: "01990000-0000-7000-8000-000000000004",
        step_number: 2,
        started_at: "2026-11-22T11:00:03.000Z",
        finished_at: "2026-11-22T11:00:04.000Z",
      }),
    ],
    ...changes,
  };
}

/** A step with everything that a recorder sends. */
export function sampleWholeStep(changes: Partial<DebugStep> = {}): DebugStep {
  const { payload_bytes: _bytes, ...step } = sampleStep();
  return {
    ...step,
    usage: {
      input_tokens: 1_024,
      output_tokens: 96,
      total_tokens: 1_120,
      reasoning_tokens: 40,
      cache_read_tokens: 512,
    },
    normalized_request: {
      messages: [
        { role: "system", parts: [{ type: "text", text: "You read invoices." }] },
        { role: "user", parts: [{ type: "file", filename: "invoice.pdf", media_type: "application/pdf" }] },
        { role: "user", parts: [{ type: "text", text: "What is in the invoice?" }] },
      ],
      tools: [{ name: "read_file", description: "Reads a file.", input_schema: { type: "object" } }],
      options: { temperature: 0.2 },
      tool_choice: "auto",
      provider_option_count: 1,
    },
    normalized_response: {
      content: [
        { type: "reasoning", text: "I have to read it first." },
        { type: "tool-call", tool_call_id: "1", tool_name: "read_file", arguments: { name: "invoice.pdf" } },
        { type: "text", text: "It says", text_length: 12_000 },
      ],
      finish_reason: "tool-calls",
      usage: {},
      warnings: [],
    },
    attempts: [
      {
        number: 1,
        status: "error",
        method: "POST",
        response_status: 429,
        duration_ms: 120,
        error: { message: "Rate limited." },
      },
      { number: 2, status: "completed", method: "POST", response_status: 200, duration_ms: 1_880 },
    ],
    ...changes,
  };
}
