import type { DebugStep } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { createTestApp, type TestApp, type TestUser } from "../../test-app.ts";
import { recordedStep, sentSpan, type SentAttributes, type SentSpan } from "./sent-spans.ts";

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser();
});

/** What every dialect below says: a question, a tool call with its result, and the answer to all of it. */
const CONVERSATION = [
  { role: "system", parts: [{ type: "text", text: "Answer briefly." }] },
  { role: "user", parts: [{ type: "text", text: "Is it warm in Oslo?" }] },
  {
    role: "assistant",
    parts: [{ type: "tool-call", tool_call_id: "call_1", tool_name: "weather", arguments: { city: "Oslo" } }],
  },
  { role: "tool", parts: [{ type: "tool-result", tool_call_id: "call_1", result: { degrees: 21 } }] },
];

const CONTENT = [{ type: "text", text: "It is." }];
const TOOL = { name: "weather", description: "Tells the weather.", input_schema: { type: "object" } };
const USAGE = { input_tokens: 40, output_tokens: 12, total_tokens: 52 };

interface Expected {
  readonly operation?: DebugStep["operation"];
  readonly messages?: readonly object[];
  readonly tools?: readonly object[];
  readonly options?: object;
  readonly tool_choice?: unknown;
  readonly content?: readonly object[];
  readonly finish_reason?: string;
  readonly usage?: object;
  readonly metadata?: object;
}

async function expectStep(span: Partial<SentSpan>, expected: Expected): Promise<void> {
  const step = await recordedStep(app, user, sentSpan(span));
  const { operation = "generate", messages = CONVERSATION, tools = [TOOL], options = {}, tool_choice } = expected;
  expect(step.normalized_request).toEqual({
    messages,
    tools,
    options,
    ...(tool_choice !== undefined && { tool_choice }),
    provider_option_count: 0,
  });
  const { content = CONTENT, finish_reason = "stop", usage = USAGE, metadata = {} } = expected;
  expect(step.normalized_response).toEqual({ content, finish_reason, usage, warnings: [] });
  expect(step.usage).toEqual(usage);
  expect(step).toMatchObject({ operation, status: "completed", metadata });
}

const TOOL_DEFINITION = {
  type: "function",
  name: "weather",
  description: "Tells the weather.",
  parameters: { type: "object" },
};
const OPENAI_TOOL = {
  type: "function",
  function: { name: "weather", description: "Tells the weather.", parameters: { type: "object" } },
};

const INPUT_MESSAGES = [
  { role: "user", parts: [{ type: "text", content: "Is it warm in Oslo?" }] },
  {
    role: "assistant",
    parts: [{ type: "tool_call", id: "call_1", name: "weather", arguments: { city: "Oslo" } }],
  },
  { role: "tool", parts: [{ type: "tool_call_response", id: "call_1", response: { degrees: 21 } }] },
];
const OUTPUT_MESSAGES = [{ role: "assistant", parts: [{ type: "text", content: "It is." }], finish_reason: "stop" }];
const INSTRUCTIONS = [{ type: "text", content: "Answer briefly." }];

const CURRENT: SentAttributes = {
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-5",
  "gen_ai.request.max_tokens": 200,
  "gen_ai.request.temperature": 0.5,
  "gen_ai.request.stop_sequences": ["END"],
  "gen_ai.request.seed": 1,
  "gen_ai.response.id": "resp_1",
  "gen_ai.response.model": "gpt-5-2026",
  "gen_ai.response.finish_reasons": ["stop"],
  "gen_ai.usage.input_tokens": 40,
  "gen_ai.usage.output_tokens": 12,
  "gen_ai.usage.cache_read.input_tokens": 30,
  "gen_ai.usage.cache_creation.input_tokens": 5,
};

const CURRENT_EXPECTED: Expected = {
  options: { max_output_tokens: 200, temperature: 0.5, stop_sequences: ["END"], seed: 1 },
  usage: { ...USAGE, cache_read_tokens: 30, cache_creation_tokens: 5 },
  metadata: {
    integration: "opentelemetry",
    provider: "openai",
    model: "gpt-5",
    response_model: "gpt-5-2026",
    response_id: "resp_1",
    instrumentation: "test-instrumentation",
  },
};

describe("the semantic conventions for generative AI", () => {
  test("as JSON in attributes", async () => {
    const attributes = {
      ...CURRENT,
      "gen_ai.system_instructions": JSON.stringify(INSTRUCTIONS),
      "gen_ai.input.messages": JSON.stringify(INPUT_MESSAGES),
      "gen_ai.output.messages": JSON.stringify(OUTPUT_MESSAGES),
      "gen_ai.tool.definitions": JSON.stringify([TOOL_DEFINITION]),
    };
    await expectStep({ attributes }, CURRENT_EXPECTED);
  });

  test("as structured attributes", async () => {
    const attributes = {
      ...CURRENT,
      "gen_ai.system_instructions": INSTRUCTIONS,
      "gen_ai.input.messages": INPUT_MESSAGES,
      "gen_ai.output.messages": OUTPUT_MESSAGES,
      "gen_ai.tool.definitions": [TOOL_DEFINITION],
    };
    await expectStep({ attributes }, CURRENT_EXPECTED);
  });

  test("with the content in an event of its own", async () => {
    const event = {
      name: "gen_ai.client.inference.operation.details",
      attributes: {
        "gen_ai.system_instructions": JSON.stringify(INSTRUCTIONS),
        "gen_ai.input.messages": JSON.stringify(INPUT_MESSAGES),
        "gen_ai.output.messages": JSON.stringify(OUTPUT_MESSAGES),
        "gen_ai.tool.definitions": JSON.stringify([TOOL_DEFINITION]),
      },
    };
    await expectStep({ attributes: CURRENT, events: [event] }, CURRENT_EXPECTED);
  });

  test("with figures alone, as instrumentations send it unless told to capture content", async () => {
    const { options, usage, metadata } = CURRENT_EXPECTED;
    await expectStep(
      { attributes: { ...CURRENT, "gen_ai.response.time_to_first_chunk": 0.25 } },
      {
        operation: "stream",
        messages: [],
        tools: [],
        content: [],
        options: options ?? {},
        usage: usage ?? {},
        metadata: { ...metadata, time_to_first_output_ms: 250 },
      },
    );
  });

  test("with a message that was cut off, which stays a text", async () => {
    const cut = JSON.stringify(INPUT_MESSAGES).slice(0, 60);
    await expectStep(
      { attributes: { "gen_ai.operation.name": "chat", "gen_ai.input.messages": cut, "gen_ai.usage.input_tokens": 1 } },
      {
        messages: [{ role: "user", parts: [{ type: "text", text: cut }] }],
        tools: [],
        content: [],
        finish_reason: "other",
        usage: { input_tokens: 1 },
      },
    );
  });

  test("with JSON that is nested deeper than any message is, which stays a text", async () => {
    const deep = `${"[".repeat(200)}${"]".repeat(200)}`;
    await expectStep(
      {
        attributes: { "gen_ai.operation.name": "chat", "gen_ai.input.messages": deep, "gen_ai.usage.input_tokens": 1 },
      },
      {
        messages: [{ role: "user", parts: [{ type: "text", text: deep }] }],
        tools: [],
        content: [],
        finish_reason: "other",
        usage: { input_tokens: 1 },
      },
    );
  });

  test("with embeddings, whose input is the message", async () => {
    await expectStep(
      {
        attributes: {
          "gen_ai.operation.name": "embeddings",
          "gen_ai.request.model": "embed-1",
          "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [{ type: "text", content: "A text." }] }]),
          "gen_ai.usage.input_tokens": 3,
        },
      },
      {
        messages: [{ role: "user", parts: [{ type: "text", text: "A text." }] }],
        tools: [],
        content: [],
        finish_reason: "other",
        usage: { input_tokens: 3 },
        metadata: { model: "embed-1" },
      },
    );
  });
});

describe("generative AI as it was described earlier", () => {
  const figures = {
    "gen_ai.system": "openai",
    "gen_ai.request.model": "gpt-4",
    "gen_ai.request.temperature": 0.5,
    "gen_ai.usage.prompt_tokens": 40,
    "gen_ai.usage.completion_tokens": 12,
  };
  const metadata = { provider: "openai", model: "gpt-4" };

  test("by Traceloop, in numbered attributes", async () => {
    const attributes = {
      ...figures,
      "llm.request.type": "chat",
      "llm.is_streaming": true,
      "llm.usage.total_tokens": 60,
      "gen_ai.prompt.0.role": "system",
      "gen_ai.prompt.0.content": "Answer briefly.",
      "gen_ai.prompt.1.role": "user",
      "gen_ai.prompt.1.content": "Is it warm in Oslo?",
      "gen_ai.prompt.2.role": "assistant",
      "gen_ai.prompt.2.tool_calls.0.id": "call_1",
      "gen_ai.prompt.2.tool_calls.0.name": "weather",
      "gen_ai.prompt.2.tool_calls.0.arguments": '{"city":"Oslo"}',
      "gen_ai.prompt.3.role": "tool",
      "gen_ai.prompt.3.tool_call_id": "call_1",
      "gen_ai.prompt.3.content": '{"degrees":21}',
      "gen_ai.completion.0.role": "assistant",
      "gen_ai.completion.0.content": "It is.",
      "gen_ai.completion.0.finish_reason": "stop",
      "llm.request.functions.0.name": "weather",
      "llm.request.functions.0.description": "Tells the weather.",
      "llm.request.functions.0.parameters": '{"type":"object"}',
    };
    const usage = { ...USAGE, total_tokens: 60 };
    await expectStep({ attributes }, { operation: "stream", options: { temperature: 0.5 }, usage, metadata });
  });

  const openAiMessages = [
    { role: "system", content: "Answer briefly." },
    { role: "user", content: "Is it warm in Oslo?" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } }],
    },
    { role: "tool", tool_call_id: "call_1", content: '{"degrees":21}' },
  ];

  test("with the whole prompt and the whole completion as JSON", async () => {
    const attributes = {
      ...figures,
      "gen_ai.prompt": JSON.stringify(openAiMessages),
      "gen_ai.completion": JSON.stringify([{ role: "assistant", content: "It is.", finish_reason: "stop" }]),
    };
    await expectStep({ attributes }, { tools: [], options: { temperature: 0.5 }, metadata });
  });

  test("with the prompt and the completion in events", async () => {
    const events = [
      { name: "gen_ai.content.prompt", attributes: { "gen_ai.prompt": JSON.stringify(openAiMessages) } },
      {
        name: "gen_ai.content.completion",
        attributes: {
          "gen_ai.completion": JSON.stringify({ role: "assistant", content: "It is.", finish_reason: "stop" }),
        },
      },
    ];
    await expectStep({ attributes: figures, events }, { tools: [], options: { temperature: 0.5 }, metadata });
  });

  test.each([
    [
      "each member in an attribute",
      openAiMessages.map(({ role, ...body }) => ({
        name: `gen_ai.${role}.message`,
        attributes: Object.fromEntries(
          Object.entries({ "gen_ai.system": "openai", ...body })
            .filter(([, value]) => value !== null)
            .map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
        ),
      })),
      { index: 0, finish_reason: "stop", message: JSON.stringify({ role: "assistant", content: "It is." }) },
    ],
    [
      "the body as JSON",
      openAiMessages.map((body) => ({
        name: `gen_ai.${body.role}.message`,
        attributes: { "gen_ai.event.content": JSON.stringify(body) },
      })),
      { "gen_ai.event.content": JSON.stringify({ finish_reason: "stop", message: { content: "It is." } }) },
    ],
  ])("with an event for each message, and %s", async (_name, messages, choice) => {
    const events = [...messages, { name: "gen_ai.choice", attributes: choice as SentAttributes }];
    await expectStep({ attributes: figures, events }, { tools: [], options: { temperature: 0.5 }, metadata });
  });
});

describe("the AI SDK's own attributes", () => {
  const attributes = {
    "operation.name": "ai.streamText.doStream answer",
    "ai.operationId": "ai.streamText.doStream",
    "ai.telemetry.functionId": "answer",
    "ai.model.provider": "openai.chat",
    "ai.model.id": "gpt-4",
    "ai.settings.maxOutputTokens": 200,
    "ai.settings.maxRetries": 2,
    "ai.prompt.messages": JSON.stringify([
      { role: "system", content: "Answer briefly." },
      { role: "user", content: [{ type: "text", text: "Is it warm in Oslo?" }] },
      {
        role: "assistant",
        content: [{ type: "tool-call", toolCallId: "call_1", toolName: "weather", input: { city: "Oslo" } }],
      },
      {
        role: "tool",
        content: [{ type: "tool-result", toolCallId: "call_1", output: { type: "json", value: { degrees: 21 } } }],
      },
    ]),
    "ai.prompt.tools": [
      JSON.stringify({
        type: "function",
        name: "weather",
        description: "Tells the weather.",
        inputSchema: { type: "object" },
      }),
    ],
    "ai.prompt.toolChoice": '{"type":"auto"}',
    "ai.response.text": "It is.",
    "ai.response.finishReason": "stop",
    "ai.response.id": "resp_1",
    "ai.response.model": "gpt-4-0613",
    "ai.response.msToFirstChunk": 120.4,
    "ai.usage.promptTokens": 40,
    "ai.usage.completionTokens": 12,
  };
  const expected: Expected = {
    operation: "stream",
    options: { max_output_tokens: 200 },
    tool_choice: { type: "auto" },
    metadata: {
      provider: "openai.chat",
      model: "gpt-4",
      response_id: "resp_1",
      function_id: "answer",
      time_to_first_output_ms: 120,
    },
  };

  test("of a stream", async () => {
    await expectStep({ attributes }, expected);
  });

  test("of an answer with reasoning and tool calls", async () => {
    const calls = [{ toolCallType: "function", toolCallId: "call_2", toolName: "weather", args: '{"city":"Rome"}' }];
    await expectStep(
      {
        attributes: {
          ...attributes,
          "ai.operationId": "ai.generateText.doGenerate",
          "ai.response.text": "",
          "ai.response.reasoning": "Rome, too.",
          "ai.response.toolCalls": JSON.stringify(calls),
          "ai.response.finishReason": "tool-calls",
          "ai.usage.inputTokens": 41,
          "ai.usage.outputTokens": 13,
          "ai.usage.reasoningTokens": 4,
          "ai.usage.cachedInputTokens": 6,
        },
      },
      {
        ...expected,
        operation: "generate",
        content: [
          { type: "reasoning", text: "Rome, too." },
          { type: "tool-call", tool_call_id: "call_2", tool_name: "weather", arguments: { city: "Rome" } },
        ],
        finish_reason: "tool-calls",
        usage: { input_tokens: 41, output_tokens: 13, total_tokens: 54, reasoning_tokens: 4, cache_read_tokens: 6 },
        metadata: { tool_call_ids: ["call_2"] },
      },
    );
  });

  test("of an embedding", async () => {
    await expectStep(
      {
        attributes: {
          "ai.operationId": "ai.embed.doEmbed",
          "ai.model.id": "embed-1",
          "ai.values": ['"A text."'],
          "ai.embeddings": ["[0.1,0.2]"],
          "ai.usage.tokens": 3,
        },
      },
      {
        messages: [{ role: "user", parts: [{ type: "text", text: "A text." }] }],
        tools: [],
        content: [],
        finish_reason: "other",
        usage: { input_tokens: 3 },
      },
    );
  });
});

describe("OpenInference", () => {
  const figures = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4",
    "llm.provider": "openai",
    "llm.invocation_parameters": JSON.stringify({
      model: "gpt-4",
      temperature: 0.5,
      stream: true,
      tool_choice: "auto",
    }),
    "llm.token_count.prompt": 40,
    "llm.token_count.completion": 12,
    "llm.token_count.total": 52,
    "llm.token_count.prompt_details.cache_read": 30,
    "llm.token_count.completion_details.reasoning": 8,
    "llm.finish_reason": "stop",
  };
  const expected: Expected = {
    operation: "stream",
    options: { temperature: 0.5 },
    tool_choice: "auto",
    usage: { ...USAGE, cache_read_tokens: 30, reasoning_tokens: 8 },
    metadata: { provider: "openai", model: "gpt-4" },
  };

  test("in numbered attributes", async () => {
    const attributes = {
      ...figures,
      "llm.input_messages.0.message.role": "system",
      "llm.input_messages.0.message.content": "Answer briefly.",
      "llm.input_messages.1.message.role": "user",
      "llm.input_messages.1.message.contents.0.message_content.type": "text",
      "llm.input_messages.1.message.contents.0.message_content.text": "Is it warm in Oslo?",
      "llm.input_messages.2.message.role": "assistant",
      "llm.input_messages.2.message.tool_calls.0.tool_call.id": "call_1",
      "llm.input_messages.2.message.tool_calls.0.tool_call.function.name": "weather",
      "llm.input_messages.2.message.tool_calls.0.tool_call.function.arguments": '{"city":"Oslo"}',
      "llm.input_messages.3.message.role": "tool",
      "llm.input_messages.3.message.tool_call_id": "call_1",
      "llm.input_messages.3.message.content": '{"degrees":21}',
      "llm.output_messages.0.message.role": "assistant",
      "llm.output_messages.0.message.content": "It is.",
      "llm.tools.0.tool.json_schema": JSON.stringify(OPENAI_TOOL),
      // What it repeats as a whole is not looked at.
      "input.value": "the whole request",
      "output.value": "the whole response",
    };
    await expectStep({ attributes }, expected);
  });

  test("with nothing but the bodies of the request and the response", async () => {
    const attributes = {
      ...figures,
      "input.value": JSON.stringify({ messages: [{ role: "user", content: "Is it warm in Oslo?" }] }),
      "output.value": JSON.stringify({ choices: [{ message: { role: "assistant", content: "It is." } }] }),
    };
    await expectStep(
      { attributes },
      { ...expected, messages: [{ role: "user", parts: [{ type: "text", text: "Is it warm in Oslo?" }] }], tools: [] },
    );
  });

  test("with nothing but texts", async () => {
    const attributes = { ...figures, "input.value": "Is it warm in Oslo?", "output.value": "It is." };
    await expectStep(
      { attributes },
      { ...expected, messages: [{ role: "user", parts: [{ type: "text", text: "Is it warm in Oslo?" }] }], tools: [] },
    );
  });

  test("of an embedding", async () => {
    await expectStep(
      {
        attributes: {
          "openinference.span.kind": "EMBEDDING",
          "embedding.model_name": "embed-1",
          "embedding.embeddings.0.embedding.text": "A text.",
          "embedding.embeddings.0.embedding.vector": [0.1, 0.2],
          "llm.token_count.prompt": 3,
        },
      },
      {
        messages: [{ role: "user", parts: [{ type: "text", text: "A text." }] }],
        tools: [],
        content: [],
        finish_reason: "other",
        usage: { input_tokens: 3 },
        metadata: { model: "embed-1" },
      },
    );
  });
});

test("a span in several of them, which is read in the most precise one that says a thing", async () => {
  await expectStep(
    {
      attributes: {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.model.id": "not this one",
        "ai.prompt.messages": JSON.stringify([{ role: "user", content: "not this one" }]),
        "ai.prompt.tools": [JSON.stringify(TOOL_DEFINITION)],
        "ai.settings.topK": 3,
        "ai.settings.temperature": 0.1,
        "ai.usage.inputTokens": 1,
        "ai.usage.reasoningTokens": 8,
        "ai.response.text": "It is.",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.system_instructions": JSON.stringify(INSTRUCTIONS),
        "gen_ai.input.messages": JSON.stringify(INPUT_MESSAGES),
        "gen_ai.usage.input_tokens": 40,
        "gen_ai.usage.output_tokens": 12,
        "gen_ai.response.finish_reasons": ["stop"],
      },
    },
    {
      options: { temperature: 0.5, top_k: 3 },
      usage: { ...USAGE, reasoning_tokens: 8 },
      metadata: { model: "gpt-5" },
    },
  );
});

test("Langfuse, whose observations hold input and output as they are", async () => {
  await expectStep(
    {
      attributes: {
        "langfuse.observation.type": "generation",
        "langfuse.observation.model.name": "gpt-4",
        "langfuse.observation.model.parameters": '{"temperature":0.5}',
        "langfuse.observation.input": JSON.stringify([{ role: "user", content: "Is it warm in Oslo?" }]),
        "langfuse.observation.output": JSON.stringify({ role: "assistant", content: "It is." }),
        "langfuse.observation.usage_details": '{"input":40,"output":12,"total":52}',
      },
    },
    {
      messages: [{ role: "user", parts: [{ type: "text", text: "Is it warm in Oslo?" }] }],
      tools: [],
      options: { temperature: 0.5 },
      finish_reason: "other",
      metadata: { model: "gpt-4" },
    },
  );
});

test("Langfuse, whose counts have their providers' names, and whose errors are attributes", async () => {
  const { status, error, usage } = await recordedStep(
    app,
    user,
    sentSpan({
      attributes: {
        "langfuse.observation.type": "generation",
        "langfuse.observation.level": "ERROR",
        "langfuse.observation.status_message": "The model is overloaded.",
        "langfuse.observation.usage_details": JSON.stringify({
          prompt_tokens: 40,
          completion_tokens: 12,
          output_reasoning_tokens: 5,
          input_cached_tokens: 30,
        }),
      },
    }),
  );
  expect({ status, error }).toEqual({ status: "error", error: { message: "The model is overloaded." } });
  expect(usage).toEqual({
    input_tokens: 40,
    output_tokens: 12,
    total_tokens: 52,
    reasoning_tokens: 5,
    cache_read_tokens: 30,
  });
});
