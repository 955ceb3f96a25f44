import type { NormalizedRequest } from "@shelflife/api-contract";
import { describe, expect, it } from "vitest";

import type { JsonObject } from "../../src/snapshot.ts";
import { wireError } from "../../src/wire/wire-error.ts";
import type { WireFormat } from "../../src/wire/wire-format.ts";
import { wireFormatOf } from "../../src/wire/wire-formats.ts";

const chat = formatOf("/v1/chat/completions");
const responses = formatOf("/v1/responses");
const messages = formatOf("/v1/messages");

function formatOf(path: string): WireFormat {
  return wireFormatOf(path) ?? expect.fail(`No format is known for ${path}.`);
}

describe("the format of a call", () => {
  it.each([
    ["/v1/chat/completions", "openai.chat"],
    ["/openai/deployments/gpt/chat/completions", "openai.chat"],
    ["/chat/completions/", "openai.chat"],
    ["/v1/responses", "openai.responses"],
    ["/anthropic/v1/messages", "anthropic.messages"],
    ["/v1/messages/count_tokens", undefined],
    ["/v1/responses/resp_1/cancel", undefined],
    ["/v1/embeddings", undefined],
  ])("at %s is %s", (path, name) => {
    expect(wireFormatOf(path)?.name).toBe(name);
  });
});

const PNG = "data:image/png;base64,iVBORw0KGgo=";

describe("a request of chat completions", () => {
  it("is normalised with its files, its tools and their results", () => {
    const request = chat.readRequest({
      model: "gpt",
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 9,
      temperature: 0,
      stop: null,
      tool_choice: "auto",
      messages: [
        { role: "developer", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is this?" },
            { type: "image_url", image_url: { url: PNG } },
            { type: "image_url", image_url: { url: "https://example.com/a.png" } },
            { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
            { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,AAAA" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          refusal: null,
          tool_calls: [{ id: "call_1", type: "function", function: { name: "look", arguments: '{"at": "it"}' } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "A dot." },
        { role: "assistant", reasoning_content: "Hm.", content: "A dot." },
        "nonsense",
      ],
      tools: [
        { type: "function", function: { name: "look", description: "Looks.", parameters: { type: "object" } } },
        { type: "custom", custom: { name: "free" } },
      ],
    });
    expect(request).toEqual({
      messages: [
        { role: "system", parts: [{ type: "text", text: "Be brief." }] },
        {
          role: "user",
          parts: [
            { type: "text", text: "What is this?" },
            { type: "file", media_type: "image/png", length: 8 },
            { type: "file", text: "https://example.com/a.png" },
            { type: "file", media_type: "audio/wav", length: 3 },
            { type: "file", filename: "a.pdf", media_type: "application/pdf", length: 3 },
          ],
        },
        {
          role: "assistant",
          parts: [{ type: "tool-call", tool_call_id: "call_1", tool_name: "look", arguments: { at: "it" } }],
        },
        { role: "tool", parts: [{ type: "tool-result", tool_call_id: "call_1", result: "A dot." }] },
        {
          role: "assistant",
          parts: [
            { type: "reasoning", text: "Hm." },
            { type: "text", text: "A dot." },
          ],
        },
      ],
      tools: [{ name: "look", description: "Looks.", input_schema: { type: "object" } }, { name: "free" }],
      options: { max_output_tokens: 9, temperature: 0 },
      tool_choice: "auto",
      provider_option_count: 1,
    } satisfies NormalizedRequest);
  });

  it("is answered with as many choices as it asked for, and what a model refused", () => {
    const body = {
      choices: [
        { message: { content: "One." }, finish_reason: "length" },
        { message: { content: null, refusal: "No." }, finish_reason: "stop" },
      ],
      usage: { prompt_tokens: 3, completion_tokens: -1, total_tokens: 1.5 },
    };
    expect(chat.readResponse(body)).toEqual({
      content: [
        { type: "text", text: "One." },
        { type: "refusal", text: "No." },
      ],
      finish_reason: "length",
      usage: { input_tokens: 3 },
      warnings: [],
    });
  });

  it("is streamed in pieces, whose calls of tools may come without an index", () => {
    const stream = chat.openStream();
    const delta = (given: JsonObject, finish: string | null = null) =>
      stream.take({ id: "c", model: "gpt", choices: [{ index: 0, delta: given, finish_reason: finish }] });
    delta({ role: "assistant", content: "Let me" });
    delta({ content: " look." });
    delta({ tool_calls: [{ id: "call_1", function: { name: "look", arguments: "{" } }] });
    delta({ tool_calls: [{ function: { arguments: '"at": 1}' } }] });
    delta({ tool_calls: [{ id: "call_2", function: { name: "look", arguments: "{}" } }] });
    expect(stream.finished).toBe(false);
    delta({}, "tool_calls");
    expect(stream.finished).toBe(true);
    stream.take({ choices: [], usage: { prompt_tokens: 1 } });
    expect(chat.readResponse(stream.body())).toEqual({
      content: [
        { type: "text", text: "Let me look." },
        { type: "tool-call", tool_call_id: "call_1", tool_name: "look", arguments: { at: 1 } },
        { type: "tool-call", tool_call_id: "call_2", tool_name: "look", arguments: {} },
      ],
      finish_reason: "tool-calls",
      usage: { input_tokens: 1 },
      warnings: [],
    });
  });
});

describe("a request of responses", () => {
  it("is normalised with its items", () => {
    const request = responses.readRequest({
      model: "gpt",
      instructions: "Be brief.",
      previous_response_id: "resp_0",
      reasoning: { effort: "low" },
      store: false,
      input: [
        { role: "user", content: "Hello" },
        {
          type: "message",
          role: "user",
          content: [
            { type: "input_text", text: "And this?" },
            { type: "input_image", image_url: PNG },
            { type: "input_file", file_id: "file_1" },
          ],
        },
        {
          type: "reasoning",
          summary: [
            { type: "summary_text", text: "One." },
            { type: "summary_text", text: "Two." },
          ],
        },
        { type: "function_call", call_id: "call_1", name: "look", arguments: "{}" },
        { type: "function_call_output", call_id: "call_1", output: "A dot." },
        { type: "item_reference", id: "item_1" },
      ],
      tools: [
        { type: "web_search" },
        { type: "function", name: "look", parameters: {} },
        { type: "mcp", server_label: "s" },
      ],
    });
    expect(request).toEqual({
      messages: [
        { role: "system", parts: [{ type: "text", text: "Be brief." }] },
        { role: "user", parts: [{ type: "text", text: "Hello" }] },
        {
          role: "user",
          parts: [
            { type: "text", text: "And this?" },
            { type: "file", media_type: "image/png", length: 8 },
            { type: "file" },
          ],
        },
        { role: "assistant", parts: [{ type: "reasoning", text: "One.\nTwo." }] },
        { role: "assistant", parts: [{ type: "tool-call", tool_call_id: "call_1", tool_name: "look", arguments: {} }] },
        { role: "tool", parts: [{ type: "tool-result", tool_call_id: "call_1", result: "A dot." }] },
        { role: "assistant", parts: [{ type: "item_reference" }] },
      ],
      tools: [{ name: "web_search" }, { name: "look", input_schema: {} }, { name: "s" }],
      options: { reasoning: { effort: "low" } },
      provider_option_count: 2,
    } satisfies NormalizedRequest);
    expect(responses.readRequest({ input: "Hello" }).messages).toEqual([
      { role: "user", parts: [{ type: "text", text: "Hello" }] },
    ]);
  });

  it("is answered with the calls and results of the provider's own tools", () => {
    const output = [
      { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search", query: "news" } },
      { type: "mcp_call", id: "mcp_1", name: "echo", arguments: '{"a": 1}', output: "1", error: null },
      { type: "mcp_call", id: "mcp_2", name: "echo", arguments: "{}", output: null, error: "Broken." },
      { type: "code_interpreter_call", id: "ci_1", code: "1 + 1", outputs: [{ type: "logs", logs: "2" }] },
      { type: "message", content: [{ type: "output_text", text: "Done." }] },
    ];
    expect(responses.readResponse({ status: "completed", output }).content).toEqual([
      {
        type: "tool-call",
        tool_call_id: "ws_1",
        tool_name: "web_search",
        arguments: { type: "search", query: "news" },
      },
      { type: "tool-call", tool_call_id: "mcp_1", tool_name: "echo", arguments: { a: 1 } },
      { type: "tool-result", tool_call_id: "mcp_1", tool_name: "echo", result: "1" },
      { type: "tool-call", tool_call_id: "mcp_2", tool_name: "echo", arguments: {} },
      { type: "tool-error", tool_call_id: "mcp_2", tool_name: "echo", result: "Broken." },
      { type: "tool-call", tool_call_id: "ci_1", tool_name: "code_interpreter", arguments: { code: "1 + 1" } },
      {
        type: "tool-result",
        tool_call_id: "ci_1",
        tool_name: "code_interpreter",
        result: [{ type: "logs", logs: "2" }],
      },
      { type: "text", text: "Done." },
    ]);
  });

  it("is cut off for a reason", () => {
    const incomplete = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output: [] };
    expect(responses.readResponse(incomplete).finish_reason).toBe("length");
    expect(responses.readResponse({ status: "failed", output: [] }).finish_reason).toBe("error");
  });

  it("tells what it had said until it was cut short", () => {
    const stream = responses.openStream();
    const events = [
      { type: "response.created", response: { id: "resp_1", model: "gpt", status: "in_progress", output: [] } },
      { type: "response.output_item.added", output_index: 0, item: { type: "reasoning", summary: [] } },
      { type: "response.reasoning_summary_text.delta", output_index: 0, summary_index: 0, delta: "Thin" },
      { type: "response.reasoning_summary_text.delta", output_index: 0, summary_index: 0, delta: "king." },
      { type: "response.reasoning_summary_text.delta", output_index: 0, summary_index: 1e9, delta: "far off" },
      { type: "response.output_item.added", output_index: 1, item: { type: "message", content: [] } },
      { type: "response.output_text.delta", output_index: 1, content_index: 0, delta: "Hel" },
      { type: "response.output_text.delta", output_index: 1, content_index: 0, delta: "lo" },
      {
        type: "response.output_item.added",
        output_index: 2,
        item: { type: "function_call", name: "look", arguments: "" },
      },
      { type: "response.function_call_arguments.delta", output_index: 2, delta: '{"a":' },
      { type: "response.output_text.delta", output_index: 9, delta: "of an item that nobody knows" },
    ];
    for (const event of events) stream.take(event);
    expect(stream.finished).toBe(false);
    expect(responses.readResponse(stream.body()).content).toEqual([
      { type: "reasoning", text: "Thinking." },
      { type: "text", text: "Hello" },
      { type: "tool-call", tool_name: "look", arguments: '{"a":' },
    ]);
  });
});

describe("a request of messages", () => {
  it("is normalised with its system prompt, and results of tools apart from what the user said", () => {
    const request = messages.readRequest({
      model: "claude",
      max_tokens: 5,
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      thinking: { type: "enabled", budget_tokens: 1024 },
      metadata: { user_id: "u" },
      messages: [
        {
          role: "user",
          content: [
            { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" } },
            { type: "document", title: "Notes", source: { type: "text", media_type: "text/plain", data: "abc" } },
            { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Hm.", signature: "s" },
            { type: "redacted_thinking", data: "x" },
            { type: "tool_use", id: "t1", name: "look", input: { at: 1 } },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "A dot." }] },
            { type: "tool_result", tool_use_id: "t2", content: "Broken.", is_error: true },
            { type: "text", text: "Go on." },
          ],
        },
      ],
      tools: [
        { name: "look", input_schema: { type: "object" } },
        { type: "web_search_20250305", name: "web_search" },
      ],
    });
    expect(request).toEqual({
      messages: [
        { role: "system", parts: [{ type: "text", text: "Be brief." }] },
        {
          role: "user",
          parts: [
            { type: "file", media_type: "image/png", length: 8 },
            { type: "file", filename: "Notes", media_type: "text/plain", length: 3 },
            { type: "file", text: "https://example.com/a.png" },
          ],
        },
        {
          role: "assistant",
          parts: [
            { type: "reasoning", text: "Hm." },
            { type: "reasoning", text: "" },
            { type: "tool-call", tool_call_id: "t1", tool_name: "look", arguments: { at: 1 } },
          ],
        },
        {
          role: "tool",
          parts: [
            { type: "tool-result", tool_call_id: "t1", result: [{ type: "text", text: "A dot." }] },
            { type: "tool-error", tool_call_id: "t2", result: "Broken." },
          ],
        },
        { role: "user", parts: [{ type: "text", text: "Go on." }] },
      ],
      tools: [{ name: "look", input_schema: { type: "object" } }, { name: "web_search" }],
      options: { max_output_tokens: 5, reasoning: { type: "enabled", budget_tokens: 1024 } },
      provider_option_count: 1,
    } satisfies NormalizedRequest);
  });

  it("counts what came from the cache and went there as input", () => {
    const usage = { input_tokens: 10, output_tokens: 3, cache_creation_input_tokens: 20, cache_read_input_tokens: 30 };
    expect(messages.readResponse({ content: [], stop_reason: "end_turn", usage }).usage).toEqual({
      input_tokens: 60,
      output_tokens: 3,
      total_tokens: 63,
      cache_creation_tokens: 20,
      cache_read_tokens: 30,
    });
  });
});

describe("whatever JSON a provider sends", () => {
  const odd = [
    {},
    { messages: "x", input: 7, tools: {}, output: [null, 1, []], choices: [null, {}], content: [[], 1], usage: [] },
  ];

  it.each([chat, responses, messages])("$name takes it for something", (format) => {
    for (const body of odd as JsonObject[]) {
      expect(format.readRequest(body).messages).toBeInstanceOf(Array);
      expect(format.readResponse(body).finish_reason).toBe("other");
      const stream = format.openStream();
      stream.take(body);
      stream.take({ type: "content_block_delta", index: 5, delta: 3, output_index: {}, choices: [{ delta: [] }] });
      expect(format.readResponse(stream.body()).content).toBeInstanceOf(Array);
    }
  });
});

describe("what went wrong", () => {
  it.each([
    [{ error: { message: "Slow down.", type: "rate_limit" } }, { name: "rate_limit", message: "Slow down." }],
    [
      { type: "error", error: { type: "overloaded_error", message: "Busy." } },
      { name: "overloaded_error", message: "Busy." },
    ],
    [
      { object: "error", message: "No.", type: "invalid" },
      { name: "invalid", message: "No." },
    ],
    [{ error: "Plain." }, { message: "Plain." }],
    [{ error: {} }, { message: "The provider does not say what went wrong." }],
    [{ error: null, choices: [] }, undefined],
    ["text", undefined],
  ])("is read from %j", (body, error) => {
    expect(wireError(body)).toEqual(error);
  });
});
