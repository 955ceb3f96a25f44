import type { NormalizedMessage } from "@shelflife/api-contract";
import { describe, expect, test } from "vitest";

import { normalizeMessages, normalizeTools } from "../../../src/recording/otlp/normalize-message.ts";

function message(role: NormalizedMessage["role"], ...parts: object[]): object {
  return { role, parts };
}

const PIXEL = Buffer.alloc(90, 7).toString("base64");

describe("a message", () => {
  const shapes: [string, unknown, object[]][] = [
    ["a text", "Hello", [message("user", { type: "text", text: "Hello" })]],
    ["nothing", "", []],
    [
      "a text that is JSON, and no message",
      "[1, 2]",
      [message("user", { type: "text", text: "1" }), message("user", { type: "text", text: "2" })],
    ],
    [
      "a request's whole body, as Anthropic's",
      { system: "Be brief.", messages: [{ role: "user", content: "Hi" }] },
      [message("system", { type: "text", text: "Be brief." }), message("user", { type: "text", text: "Hi" })],
    ],
    [
      "a developer's",
      [{ role: "developer", content: "Be brief." }],
      [message("system", { type: "text", text: "Be brief." })],
    ],
    [
      "LangChain's",
      [
        { role: "human", content: "Hi" },
        { role: "ai", content: "Ho" },
      ],
      [message("user", { type: "text", text: "Hi" }), message("assistant", { type: "text", text: "Ho" })],
    ],
    [
      "a content that looks like JSON, and is a text",
      [{ role: "user", content: '{"a":1}' }],
      [message("user", { type: "text", text: '{"a":1}' })],
    ],
    [
      "a content that is a list of parts as JSON",
      [{ role: "user", content: '[{"type":"text","text":"Hi"}]' }],
      [message("user", { type: "text", text: "Hi" })],
    ],
    [
      "OpenAI's with a refusal and a function call",
      [{ role: "assistant", content: null, refusal: "No.", function_call: { name: "a", arguments: "{}" } }],
      [message("assistant", { type: "text", text: "No." }, { type: "tool-call", tool_name: "a", arguments: {} })],
    ],
    [
      "one with its reasoning beside",
      [{ role: "assistant", reasoning_content: "Well.", content: "Yes." }],
      [message("assistant", { type: "reasoning", text: "Well." }, { type: "text", text: "Yes." })],
    ],
    [
      "OpenAI's Responses, where calls stand among messages",
      [
        { type: "message", role: "user", content: [{ type: "input_text", text: "Hi" }] },
        { type: "reasoning", summary: [{ type: "summary_text", text: "Well." }] },
        { type: "function_call", call_id: "a", name: "weather", arguments: '{"city":"Oslo"}' },
        { type: "function_call_output", call_id: "a", output: '{"degrees":21}' },
      ],
      [
        message("user", { type: "text", text: "Hi" }),
        message("assistant", { type: "reasoning", text: "Well." }),
        message("assistant", {
          type: "tool-call",
          tool_call_id: "a",
          tool_name: "weather",
          arguments: { city: "Oslo" },
        }),
        message("tool", { type: "tool-result", tool_call_id: "a", result: { degrees: 21 } }),
      ],
    ],
    [
      "Anthropic's with tools",
      [
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Well." },
            { type: "tool_use", id: "a", name: "weather", input: { city: "Oslo" } },
          ],
        },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "offline", is_error: true }] },
      ],
      [
        message(
          "assistant",
          { type: "reasoning", text: "Well." },
          { type: "tool-call", tool_call_id: "a", tool_name: "weather", arguments: { city: "Oslo" } },
        ),
        message("user", { type: "tool-error", tool_call_id: "a", result: "offline" }),
      ],
    ],
    [
      "the AI SDK's with a tool that failed",
      [
        {
          role: "tool",
          content: [
            {
              type: "tool-result",
              toolCallId: "a",
              toolName: "weather",
              output: { type: "error-text", value: "offline" },
            },
          ],
        },
      ],
      [message("tool", { type: "tool-error", tool_call_id: "a", tool_name: "weather", result: "offline" })],
    ],
    [
      "a tool's answer of any shape",
      [{ role: "tool", tool_call_id: "a", content: { degrees: [21] } }],
      [message("tool", { type: "tool-result", tool_call_id: "a", result: { degrees: [21] } })],
    ],
    [
      "a part of a type that is not known",
      [{ role: "user", parts: [{ type: "hologram", content: "x" }, { type: "other" }, 7] }],
      [message("user", { type: "hologram", text: "x" }, { type: "other" }, { type: "unknown" })],
    ],
  ];

  test.each(shapes)("is read where it is %s", (_name, messages, expected) => {
    expect(normalizeMessages(messages, "user")).toEqual(expected);
    // What stands in an attribute is the same as JSON.
    if (typeof messages !== "string") expect(normalizeMessages(JSON.stringify(messages), "user")).toEqual(expected);
  });
});

describe("a file in a message", () => {
  const shapes: [string, object, object][] = [
    [
      "the semantic conventions'",
      { type: "blob", modality: "image", mime_type: "image/png", content: PIXEL },
      { media_type: "image/png", length: 90 },
    ],
    [
      "an address",
      { type: "uri", mime_type: "image/png", uri: "https://example.com/a.png" },
      { media_type: "image/png", text: "https://example.com/a.png" },
    ],
    [
      "OpenAI's, as data",
      { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}` } },
      { media_type: "image/png", length: 90 },
    ],
    [
      "OpenAI's, as an address",
      { type: "image_url", image_url: { url: "https://example.com/a.png" } },
      { text: "https://example.com/a.png" },
    ],
    ["OpenAI's sound", { type: "input_audio", input_audio: { data: PIXEL, format: "mp3" } }, { length: 90 }],
    [
      "OpenAI's document",
      { type: "file", file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${PIXEL}` } },
      { filename: "a.pdf", media_type: "application/pdf", length: 90 },
    ],
    [
      "Anthropic's",
      { type: "image", source: { type: "base64", media_type: "image/png", data: PIXEL } },
      { media_type: "image/png", length: 90 },
    ],
    [
      "the AI SDK's",
      { type: "file", data: PIXEL, mediaType: "image/png", filename: "a.png" },
      { filename: "a.png", media_type: "image/png", length: 90 },
    ],
    [
      "OpenInference's",
      { type: "image", image: { image: { url: `data:image/png;base64,${PIXEL}` } } },
      { media_type: "image/png", length: 90 },
    ],
    ["one without content", { type: "file", file_id: "f-1" }, {}],
  ];

  test.each(shapes)("is described and not kept: %s", (_name, part, expected) => {
    const normalized = normalizeMessages([{ role: "user", parts: [part] }], "user");
    expect(normalized).toEqual([message("user", { type: "file", ...expected })]);
    expect(JSON.stringify(normalized)).not.toContain(PIXEL.slice(0, 20));
  });
});

test.each<[string, unknown]>([
  ["the semantic conventions'", [{ type: "function", name: "a", description: "b", parameters: { type: "object" } }]],
  ["OpenAI's", [{ type: "function", function: { name: "a", description: "b", parameters: { type: "object" } } }]],
  ["Anthropic's", [{ name: "a", description: "b", input_schema: { type: "object" } }]],
  ["the AI SDK's, each as JSON", ['{"type":"function","name":"a","description":"b","inputSchema":{"type":"object"}}']],
])("a tool's definition is read where it is %s", (_name, tools) => {
  const expected = [{ name: "a", description: "b", input_schema: { type: "object" } }];
  expect(normalizeTools(tools)).toEqual(expected);
  expect(normalizeTools(JSON.stringify(tools))).toEqual(expected);
});
