import type { SampleCall } from "./sample-calls.ts";
import type { SampleSource } from "./sample-source.ts";

/** How a provider writes a call on the wire, after its public reference. */
export interface ProviderShape {
  readonly url: string;
  readonly model: string;
  request(call: SampleCall): Record<string, unknown>;
  response(call: SampleCall, source: SampleSource): Record<string, unknown>;
  headers(source: SampleSource): Record<string, string>;
}

const textOf = (parts: SampleCall["answer"]): string =>
  parts.flatMap((part) => (part.type === "text" ? (part.text ?? "") : [])).join("");
const callsOf = (parts: SampleCall["answer"]) => parts.filter((part) => part.type === "tool-call");
const resultText = (result: unknown): string => (typeof result === "string" ? result : JSON.stringify(result));

const anthropic: ProviderShape = {
  url: "https://api.anthropic.com/v1/messages",
  model: "claude-sonnet-4-5",
  request: ({ messages, tools, streams }) => ({
    model: "claude-sonnet-4-5",
    max_tokens: 64_000,
    ...(messages[0]?.role === "system" && { system: [{ type: "text", text: textOf(messages[0].parts) }] }),
    messages: messages
      .filter(({ role }) => role !== "system")
      .map(({ role, parts }) => ({
        role: role === "tool" ? "user" : role,
        content: parts.map((part) => {
          if (part.type === "tool-call")
            return { type: "tool_use", id: part.tool_call_id, name: part.tool_name, input: part.arguments };
          if (part.type === "tool-result")
            return { type: "tool_result", tool_use_id: part.tool_call_id, content: resultText(part.result) };
          return { type: "text", text: part.text };
        }),
      })),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, input_schema }) => ({ name, description, input_schema })),
      tool_choice: { type: "auto" },
    }),
    ...(streams && { stream: true }),
  }),
  response: ({ answer, usage }, source) => ({
    model: "claude-sonnet-4-5-20250929",
    id: `msg_01${source.id(22)}`,
    type: "message",
    role: "assistant",
    content: answer.flatMap((part): object[] => {
      if (part.type === "reasoning") return [{ type: "thinking", thinking: part.text, signature: source.id(120) }];
      if (part.type === "text") return [{ type: "text", text: part.text }];
      return part.type === "tool-call"
        ? [{ type: "tool_use", id: part.tool_call_id, name: part.tool_name, input: part.arguments }]
        : [];
    }),
    stop_reason: callsOf(answer).length > 0 ? "tool_use" : "end_turn",
    stop_sequence: null,
    usage: {
      input_tokens: usage.input,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: usage.cached,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      output_tokens: usage.output,
      service_tier: "standard",
      ...(source.chance(0.2) && { server_tool_use: { web_search_requests: 1, web_fetch_requests: 0 } }),
    },
  }),
  headers: (source) => ({
    "anthropic-organization-id": `${source.hex(8)}-${source.hex(4)}-${source.hex(4)}-${source.hex(4)}-${source.hex(12)}`,
    "anthropic-ratelimit-input-tokens-limit": "2000000",
    "anthropic-ratelimit-input-tokens-remaining": "1999000",
    "anthropic-ratelimit-input-tokens-reset": source.moment().toISOString(),
    "anthropic-ratelimit-output-tokens-limit": "400000",
    "anthropic-ratelimit-output-tokens-remaining": "400000",
    "anthropic-ratelimit-requests-limit": "4000",
    "anthropic-ratelimit-requests-remaining": "3999",
    "request-id": `req_01${source.id(22)}`,
    "strict-transport-security": "max-age=31536000; includeSubDomains; preload",
    via: "1.1 google",
  }),
};

const chatRequest = ({ messages, tools, streams }: SampleCall, model: string): Record<string, unknown> => ({
  model,
  messages: messages.map(({ role, parts }) => {
    if (role === "tool") return { role, tool_call_id: parts[0]?.tool_call_id, content: resultText(parts[0]?.result) };
    return {
      role,
      content: textOf(parts),
      ...(callsOf(parts).length > 0 && { tool_calls: callsOf(parts).map(chatToolCall) }),
    };
  }),
  ...(tools.length > 0 && {
    tools: tools.map(({ name, description, input_schema }) => ({
      type: "function",
      function: { name, description, parameters: input_schema },
    })),
    tool_choice: "auto",
  }),
  ...(streams && { stream: true, stream_options: { include_usage: true } }),
});

const chatToolCall = (part: SampleCall["answer"][number]) => ({
  id: part.tool_call_id,
  type: "function",
  function: { name: part.tool_name, arguments: JSON.stringify(part.arguments) },
});

function chatResponse({ answer, usage }: SampleCall, source: SampleSource, model: string): Record<string, unknown> {
  const calls = callsOf(answer);
  return {
    id: source.pick([`chatcmpl-${source.id(29)}`, source.hex(32)]),
    object: "chat.completion",
    created: Math.floor(source.moment().getTime() / 1000),
    model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: textOf(answer),
          ...(source.chance(0.3) && { reasoning_content: textOf(answer) }),
          ...(calls.length > 0 && { tool_calls: calls.map(chatToolCall) }),
          ...(source.chance(0.5) && { refusal: null, annotations: [] }),
        },
        ...(source.chance(0.5) && { logprobs: null }),
        finish_reason: calls.length > 0 ? "tool_calls" : "stop",
      },
    ],
    usage: {
      prompt_tokens: usage.input,
      completion_tokens: usage.output,
      total_tokens: usage.input + usage.output,
      ...(source.chance(0.7) && {
        prompt_tokens_details: { cached_tokens: usage.cached, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: usage.reasoning,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      }),
    },
    ...(source.chance(0.5) && { service_tier: "default", system_fingerprint: `fp_${source.hex(10)}` }),
  };
}

const openaiHeaders = (source: SampleSource): Record<string, string> => ({
  "access-control-expose-headers": "X-Request-ID",
  "openai-organization": `user-${source.id(24).toLowerCase()}`,
  "openai-processing-ms": String(source.integer(100, 20_000)),
  "openai-project": `proj_${source.id(24)}`,
  "openai-version": "2020-10-01",
  "x-ratelimit-limit-requests": "10000",
  "x-ratelimit-limit-tokens": "2000000",
  "x-ratelimit-remaining-requests": "9999",
  "x-ratelimit-remaining-tokens": "1999500",
  "x-ratelimit-reset-requests": "6ms",
  "x-ratelimit-reset-tokens": "12ms",
  "x-request-id": `req_${source.hex(32)}`,
});

const chat = (url: string, model: string, headers: ProviderShape["headers"]): ProviderShape => ({
  url,
  model,
  request: (call) => chatRequest(call, model),
  response: (call, source) => chatResponse(call, source, model),
  headers,
});

const responses: ProviderShape = {
  url: "https://api.openai.com/v1/responses",
  model: "gpt-5",
  request: ({ messages, tools, streams }) => ({
    model: "gpt-5",
    input: messages.flatMap(({ role, parts }): object[] =>
      parts.map((part) => {
        if (part.type === "tool-call")
          return {
            type: "function_call",
            call_id: part.tool_call_id,
            name: part.tool_name,
            arguments: JSON.stringify(part.arguments),
          };
        if (part.type === "tool-result")
          return { type: "function_call_output", call_id: part.tool_call_id, output: resultText(part.result) };
        return {
          role: role === "system" ? "developer" : role,
          content: [{ type: role === "assistant" ? "output_text" : "input_text", text: part.text }],
        };
      }),
    ),
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, input_schema }) => ({
        type: "function",
        name,
        description,
        parameters: input_schema,
      })),
      tool_choice: "auto",
    }),
    ...(streams && { stream: true }),
  }),
  response: ({ answer, tools, usage }, source) => ({
    id: `resp_0${source.hex(49)}`,
    object: "response",
    created_at: Math.floor(source.moment().getTime() / 1000),
    status: "completed",
    background: false,
    billing: { payer: "developer" },
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    max_tool_calls: null,
    model: "gpt-5-2025-08-07",
    output: answer.flatMap((part): object[] => {
      if (part.type === "reasoning") return [{ id: `rs_0${source.hex(49)}`, type: "reasoning", summary: [] }];
      if (part.type === "tool-call") {
        return [
          {
            id: `fc_0${source.hex(49)}`,
            type: "function_call",
            status: "completed",
            arguments: JSON.stringify(part.arguments),
            call_id: part.tool_call_id,
            name: part.tool_name,
          },
        ];
      }
      if (part.type !== "text") return [];
      const content = [{ type: "output_text", annotations: [], logprobs: [], text: part.text }];
      return [{ id: `msg_0${source.hex(49)}`, type: "message", status: "completed", content, role: "assistant" }];
    }),
    parallel_tool_calls: true,
    previous_response_id: null,
    prompt_cache_key: null,
    prompt_cache_retention: null,
    reasoning: { effort: "medium", summary: null },
    safety_identifier: null,
    service_tier: "default",
    store: true,
    temperature: 1,
    text: { format: { type: "text" }, verbosity: "medium" },
    tool_choice: "auto",
    tools: tools.map(({ name, description, input_schema }) => ({
      type: "function",
      description,
      name,
      parameters: input_schema,
      strict: false,
    })),
    top_logprobs: 0,
    top_p: 1,
    truncation: "disabled",
    usage: {
      input_tokens: usage.input,
      input_tokens_details: { cached_tokens: usage.cached },
      output_tokens: usage.output,
      output_tokens_details: { reasoning_tokens: usage.reasoning },
      total_tokens: usage.input + usage.output,
    },
    user: null,
    metadata: {},
  }),
  headers: openaiHeaders,
};

export const PROVIDER_SHAPES: readonly ProviderShape[] = [
  anthropic,
  responses,
  chat("https://api.openai.com/v1/chat/completions", "gpt-4.1", openaiHeaders),
  chat("https://api.mistral.ai/v1/chat/completions", "mistral-large-latest", (source) => ({
    "mistral-correlation-id": source.hex(32),
    "x-envoy-upstream-service-time": String(source.integer(100, 9_000)),
    "x-kong-request-id": source.hex(32),
  })),
  chat("https://api.deepseek.com/chat/completions", "deepseek-chat", (source) => ({ "x-ds-trace-id": source.hex(32) })),
  chat("https://api.x.ai/v1/chat/completions", "grok-4", (source) => ({ "x-request-id": source.hex(32) })),
];
