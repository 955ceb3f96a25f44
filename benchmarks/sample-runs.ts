import type { Attempt, DebugBatch, NormalizedMessage, NormalizedTool } from "@shelflife/api-contract";

import { newId } from "../packages/server/src/store/database.ts";
import { excerptAt } from "./source-text.ts";

/** A run that is stored, or is to be. */
export interface RunKey {
  readonly id: string;
  readonly chatId: string;
}

/** A run with what a recorder sends of it. */
export interface SampleRun extends RunKey {
  readonly batch: DebugBatch;
}

const STEPS = 3;

const SYSTEM_PROMPT =
  `You are an engineer's assistant. Answer from what the tools show, and say where you looked. ` +
  excerptAt(90_000, 900);

const TOOLS: NormalizedTool[] = ["read_file", "search_text", "run_command", "write_file"].map((name, index) => ({
  name,
  description: `The tool ${name.replace("_", " ")} of the workspace. ${excerptAt(index * 5_000, 180)}`,
  input_schema: {
    type: "object",
    properties: {
      path: { type: "string", description: "Relative to the root of the workspace." },
      limit: { type: "integer", description: "At most so many lines.", minimum: 1 },
    },
    required: ["path"],
    additionalProperties: false,
  },
}));

/**
 * A run of three steps, about 14 KB of JSON each, as an agent that reads code leaves it.
 *
 * @param startedAt when the run began; it lasts 12 seconds
 */
export function sampleRun(random: () => number, { chatId, startedAt }: { chatId: string; startedAt: Date }): SampleRun {
  const id = newId();
  const time = (seconds: number): string => new Date(startedAt.getTime() + seconds * 1000).toISOString();
  const excerpt = (length: number): string => excerptAt(random() * 1e9, Math.round(length * (0.5 + random())));
  const messages: NormalizedMessage[] = [
    { role: "system", parts: [{ type: "text", text: SYSTEM_PROMPT }] },
    { role: "user", parts: [{ type: "text", text: excerpt(300) }] },
    { role: "assistant", parts: [{ type: "text", text: excerpt(700) }] },
    { role: "user", parts: [{ type: "text", text: excerpt(250) }] },
  ];
  const steps = Array.from({ length: STEPS }, (_, index) => {
    const request = { messages: [...messages], tools: TOOLS, options: { temperature: 0.2 }, provider_option_count: 0 };
    const callId = `call_${newId().slice(-12)}`;
    const said = excerpt(350);
    const usage = { input_tokens: 1_800 + Math.round(random() * 900), output_tokens: 90 + Math.round(random() * 200) };
    messages.push(
      {
        role: "assistant",
        parts: [
          { type: "text", text: said },
          {
            type: "tool-call",
            tool_call_id: callId,
            tool_name: "read_file",
            arguments: { path: "src/main.ts", limit: 80 },
          },
        ],
      },
      {
        role: "tool",
        parts: [{ type: "tool-result", tool_call_id: callId, tool_name: "read_file", result: excerpt(1_350) }],
      },
    );
    return {
      id: newId(),
      run_id: id,
      chat_id: chatId,
      step_number: index + 1,
      operation: "stream" as const,
      status: "completed" as const,
      started_at: time(index * 4),
      updated_at: time(index * 4 + 3),
      finished_at: time(index * 4 + 3),
      normalized_request: request,
      normalized_response: {
        content: [{ type: "text", text: said }],
        finish_reason: "tool-calls",
        usage,
        warnings: [],
      },
      usage,
      attempts: [attempt({ request, said, usage, startedAt: time(index * 4), finishedAt: time(index * 4 + 3) })],
      metadata: { integration: "ai-sdk", response_id: `resp_${newId()}` },
    };
  });
  const run = {
    id,
    chat_id: chatId,
    kind: "chat_turn" as const,
    status: "completed" as const,
    provider: "openai",
    model: "gpt-5",
    started_at: time(0),
    updated_at: time(12),
    finished_at: time(12),
  };
  return { id, chatId, batch: { runs: [run], steps } };
}

function attempt(call: {
  request: { messages: NormalizedMessage[]; tools: NormalizedTool[] };
  said: string;
  usage: { input_tokens: number; output_tokens: number };
  startedAt: string;
  finishedAt: string;
}): Record<string, unknown> {
  const { request, said, usage, startedAt, finishedAt } = call;
  const recorded: Attempt = {
    number: 1,
    status: "completed",
    method: "POST",
    url: "https://api.openai.com/v1/chat/completions",
    path: "/v1/chat/completions",
    started_at: startedAt,
    finished_at: finishedAt,
    duration_ms: 3_000,
    request_headers: { "content-type": "application/json", "user-agent": "ai-sdk/7" },
    request_body: {
      model: "gpt-5",
      stream: true,
      temperature: 0.2,
      messages: request.messages.map(({ role, parts }) => ({
        role,
        content: parts.map(({ text, result }) => text ?? JSON.stringify(result)).join(""),
      })),
      tools: request.tools.map(({ name, description, input_schema }) => ({
        type: "function",
        function: { name, description, parameters: input_schema },
      })),
    },
    response_status: 200,
    response_headers: { "content-type": "application/json", "x-request-id": newId() },
    response_body: {
      id: `resp_${newId()}`,
      model: "gpt-5-2026",
      choices: [{ index: 0, message: { role: "assistant", content: said } }],
      usage,
    },
  };
  return { ...recorded };
}
