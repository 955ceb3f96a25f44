import { describe, expect, it } from "vitest";

import { fileByteLength, withoutFileBytes } from "../src/file-bytes.ts";
import { isAbort, normalizeError } from "../src/normalize-error.ts";
import { normalizePart } from "../src/normalize-part.ts";
import { countProviderOptions, normalizeRequest } from "../src/normalize-request.ts";
import { normalizeUsage } from "../src/normalize-usage.ts";
import { snapshot } from "../src/snapshot.ts";

const PNG = Buffer.alloc(3000, "png-bytes-0123456789-ABCDEF").toString("base64");

const part = (value: unknown) => normalizePart(snapshot(value));

describe("a part that is a file keeps its name, its kind and its size, and never its bytes", () => {
  it.each([
    [
      "an image of bytes",
      { type: "image", image: new Uint8Array(7), mediaType: "image/png" },
      { type: "file", media_type: "image/png", length: 7 },
    ],
    [
      "a file of base64",
      { type: "file", data: PNG, mediaType: "image/png", filename: "a.png" },
      { type: "file", media_type: "image/png", filename: "a.png", length: 3000 },
    ],
    [
      "a file of a data URL",
      { type: "file", data: `data:image/png;base64,${PNG}`, mediaType: "image/png" },
      { type: "file", media_type: "image/png", length: 3000 },
    ],
    [
      "a tagged file",
      { type: "file", data: { type: "data", data: new Uint8Array(9) }, mediaType: "audio/wav" },
      { type: "file", media_type: "audio/wav", length: 9 },
    ],
    [
      "a file of text",
      { type: "file", data: { type: "text", text: "héllo" }, mediaType: "text/plain" },
      { type: "file", media_type: "text/plain", length: 6 },
    ],
    [
      "a file at a URL",
      { type: "file", data: new URL("https://example.com/a.pdf"), mediaType: "application/pdf" },
      { type: "file", media_type: "application/pdf" },
    ],
    [
      "a generated file",
      { type: "file", file: { base64Data: PNG, mediaType: "image/png" } },
      { type: "file", media_type: "image/png", length: 3000 },
    ],
  ])("%s", (_, given, expected) => {
    expect(part(given)).toEqual(expected);
  });

  it("in a tool's result too", () => {
    const output = {
      type: "content",
      value: [
        { type: "text", text: "Look:" },
        { type: "image-data", data: PNG, mediaType: "image/png" },
      ],
    };
    expect(part({ type: "tool-result", toolCallId: "1", toolName: "draw", output })).toEqual({
      type: "tool-result",
      tool_call_id: "1",
      tool_name: "draw",
      result: [
        { type: "text", text: "Look:" },
        { type: "image-data", media_type: "image/png", length: 3000 },
      ],
    });
  });

  it("nor in any other payload", () => {
    const body = {
      messages: [
        { image_url: `data:image/png;base64,${PNG}` },
        { source: { data: PNG } },
        { text: "plain ".repeat(500) },
      ],
    };
    const stripped = JSON.stringify(withoutFileBytes(body));
    expect(stripped).not.toContain(PNG.slice(0, 100));
    expect(stripped).toContain("[FILE image/png, 4000 CHARACTERS]");
    expect(stripped).toContain("[BASE64, 4000 CHARACTERS]");
    expect(stripped).toContain("plain plain");
  });

  it("measures base64 with its padding", () => {
    for (const length of [0, 1, 2, 3, 4, 100])
      expect(fileByteLength(Buffer.alloc(length).toString("base64"))).toBe(length);
  });
});

describe("a part of a message", () => {
  it.each([
    [
      "a denied tool",
      { type: "tool-result", toolCallId: "1", toolName: "t", output: { type: "execution-denied", reason: "No." } },
      { type: "tool-error", tool_call_id: "1", tool_name: "t", result: { denied: "No." } },
    ],
    [
      "a JSON result",
      { type: "tool-result", toolCallId: "1", toolName: "t", output: { type: "json", value: { a: 1 } } },
      { type: "tool-result", tool_call_id: "1", tool_name: "t", result: { a: 1 } },
    ],
    [
      "a result that looks wrapped and is not",
      { type: "tool-result", toolCallId: "1", toolName: "t", input: {}, output: { type: "json", value: 1 } },
      { type: "tool-result", tool_call_id: "1", tool_name: "t", result: { type: "json", value: 1 } },
    ],
    [
      "a source",
      { type: "source", sourceType: "url", id: "1", url: "https://example.com", title: "Example" },
      { type: "source", text: "Example https://example.com" },
    ],
    [
      "an approval",
      { type: "tool-approval-response", approvalId: "1", approved: false },
      { type: "tool-approval-response", text: "denied" },
    ],
    ["a kind of part to come", { type: "hologram", data: "secret" }, { type: "hologram" }],
    ["no part at all", 7, { type: "unknown" }],
  ])("that is %s", (_, given, expected) => {
    expect(part(given)).toEqual(expected);
  });
});

it("takes instructions as a text, a message or several", () => {
  const roles = (instructions: unknown) =>
    normalizeRequest({
      instructions: snapshot(instructions),
      messages: [{ role: "user", content: "Hi" }],
    }).messages.map(({ role }) => role);
  expect(roles("Be brief.")).toEqual(["system", "user"]);
  expect(roles({ role: "system", content: "Be brief." })).toEqual(["system", "user"]);
  expect(
    roles([
      { role: "system", content: "a" },
      { role: "system", content: "b" },
    ]),
  ).toEqual(["system", "system", "user"]);
  expect(roles(undefined)).toEqual(["user"]);
});

it("records settings under their own names and leaves out those that were not given", () => {
  const request = normalizeRequest({
    maxOutputTokens: 100,
    temperature: 0,
    topP: null,
    stopSequences: ["END"],
    messages: [],
  });
  expect(request.options).toEqual({ max_output_tokens: 100, temperature: 0, stop_sequences: ["END"] });
});

it("counts provider options and keeps none", () => {
  expect(countProviderOptions({ openai: { user: "u", store: true }, anthropic: { thinking: {} } })).toBe(3);
  expect(countProviderOptions(undefined)).toBe(0);
  expect(countProviderOptions(new Proxy({}, { ownKeys: () => expect.fail("no keys") }))).toBe(0);
});

it("records whole token counts only, because the server refuses a step with others", () => {
  const usage = {
    inputTokens: 10,
    inputTokenDetails: { cacheReadTokens: 4, cacheWriteTokens: 0 },
    outputTokens: 1.5,
    outputTokenDetails: { reasoningTokens: -1 },
    totalTokens: "many",
  };
  expect(normalizeUsage(usage)).toEqual({ input_tokens: 10, cache_read_tokens: 4, cache_creation_tokens: 0 });
});

describe("an error", () => {
  it("of several tries is the last one's", () => {
    const error = {
      name: "RetryError",
      lastError: { name: "ApiError", message: "Down.", statusCode: 503, isRetryable: true },
    };
    expect(normalizeError(error)).toEqual({ name: "ApiError", message: "Down.", status_code: 503, retryable: true });
  });

  it.each([undefined, null, 7, {}, new Proxy({}, { get: () => expect.fail("no fields") })])(
    "may be anything: %#",
    (error) => {
      expect(normalizeError(error)).toEqual({ message: expect.any(String) });
    },
  );

  it("is an abort where its cause is one", () => {
    expect(isAbort(new Error("x", { cause: new DOMException("y", "AbortError") }))).toBe(true);
    expect(isAbort(new DOMException("y", "TimeoutError"))).toBe(true);
    expect(isAbort(new Error("AbortError"))).toBe(false);
    expect(isAbort(new (class APIUserAbortError extends Error {})("y"))).toBe(true);
    const endless: { cause?: unknown } = {};
    endless.cause = endless;
    expect(isAbort(endless)).toBe(false);
  });
});
