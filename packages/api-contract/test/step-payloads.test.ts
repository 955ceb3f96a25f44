import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { redactAttempt, redactStepPayloads, type Attempt, type NormalizedPart } from "../src/index.ts";

function redactedPart(part: object): NormalizedPart | undefined {
  const step = redactStepPayloads({ normalized_request: { messages: [{ role: "user", parts: [part] }] } });
  return step.normalized_request.messages[0]?.parts[0] as NormalizedPart | undefined;
}

describe("an attempt", () => {
  const attempt: Attempt = {
    number: 1,
    status: "error",
    method: "POST",
    url: "https://user:hunter2@host/v1/chat?key=hunter2",
    path: "/v1/chat?key=hunter2",
    request_headers: { Authorization: "Bearer hunter2", "Content-Type": "application/x-www-form-urlencoded" },
    request_body: "client_secret=hunter2&a=1",
    response_status: 401,
    response_headers: { "content-type": "application/json", "x-ratelimit-remaining-tokens": "7" },
    response_body: '{"token":"hunter2"',
    error: { message: "POST https://host/v1/chat?key=hunter2 failed" },
  };

  it("loses its secrets in every field, and nothing else", () => {
    const before = structuredClone(attempt);
    expect(redactAttempt(attempt)).toEqual({
      number: 1,
      status: "error",
      method: "POST",
      url: "https://[REDACTED]@host/v1/chat?key=[REDACTED]",
      path: "/v1/chat?key=[REDACTED]",
      request_headers: { Authorization: "[REDACTED]", "Content-Type": "application/x-www-form-urlencoded" },
      request_body: "client_secret=[REDACTED]&a=1",
      response_status: 401,
      response_headers: { "content-type": "application/json", "x-ratelimit-remaining-tokens": "7" },
      response_body: "[REDACTED]",
      error: { message: "POST https://host/v1/chat?key=[REDACTED] failed" },
    });
    expect(attempt).toEqual(before);
  });

  it("is cut after its secrets are gone, so that none survives at the cut", () => {
    const body = JSON.stringify({ padding: "a".repeat(49_980), password: "hunter2".repeat(10) });
    const redacted = redactAttempt({ ...attempt, request_headers: {}, request_body: body });
    expect(redacted.request_body).toMatch(/\[TRUNCATED\]$/);
    expect(redacted.request_body).toHaveLength(50_000 + "[TRUNCATED]".length);
    expect(redacted.request_body).not.toContain("hunter2");
    expect(redactAttempt(redacted)).toEqual(redacted);
  });

  it("keeps a parsed body unless its JSON text is too long", () => {
    expect(redactAttempt({ request_body: { text: "a".repeat(40_000) } }).request_body).toEqual({
      text: "a".repeat(40_000),
    });
    const long = redactAttempt({ request_body: { text: "a".repeat(50_000) } });
    expect(long.request_body).toBe(`{"text":"${"a".repeat(50_000 - 9)}[TRUNCATED]`);
    expect(redactAttempt(long)).toEqual(long);
  });

  it("is redacted whole where headers are no headers", () => {
    expect(redactAttempt({ request_headers: "authorization: hunter2" })).toEqual({ request_headers: "[REDACTED]" });
  });
});

describe("a step", () => {
  it("is redacted in every payload and keeps its other fields", () => {
    const step = {
      id: "1",
      normalized_request: { options: { api_key: "hunter2", max_tokens: 5 }, tools: [{ name: "t" }] },
      normalized_response: { content: [{ type: "text", text: "ok" }], usage: { total_tokens: 3 } },
      usage: { total_tokens: 3 },
      attempts: [{ request_headers: { cookie: "hunter2" } }],
      error: { message: "m", credential: "hunter2" },
      metadata: { nested: { secret: ["hunter2"] } },
    };
    expect(redactStepPayloads(step)).toEqual({
      id: "1",
      normalized_request: { options: { api_key: "[REDACTED]", max_tokens: 5 }, tools: [{ name: "t" }] },
      normalized_response: { content: [{ type: "text", text: "ok" }], usage: { total_tokens: 3 } },
      usage: { total_tokens: 3 },
      attempts: [{ request_headers: { cookie: "[REDACTED]" } }],
      error: { message: "m", credential: "[REDACTED]" },
      metadata: { nested: { secret: "[REDACTED]" } },
    });
  });

  it("adds no field that was left out", () => {
    expect(Object.keys(redactStepPayloads({ metadata: {} }))).toEqual(["metadata"]);
    expect(Object.keys(redactStepPayloads({ normalized_request: { options: {} } }).normalized_request)).toEqual([
      "options",
    ]);
  });
});

describe("a message part", () => {
  it("keeps 10,000 characters of text without a length and cuts one more with it", () => {
    expect(redactedPart({ type: "text", text: "a".repeat(10_000) })).toEqual({
      type: "text",
      text: "a".repeat(10_000),
    });
    expect(redactedPart({ type: "text", text: "a".repeat(10_001) })).toEqual({
      type: "text",
      text: "a".repeat(10_000),
      text_length: 10_001,
    });
  });

  it("never splits a surrogate pair", () => {
    const part = redactedPart({ type: "text", text: `a${"😀".repeat(6000)}` });
    expect(part?.text).toBe(`a${"😀".repeat(4999)}`);
    expect(part?.text_length).toBe(12_001);
  });

  it("cuts structured arguments and results to their JSON text", () => {
    const long = { a: "b".repeat(10_000) };
    expect(redactedPart({ type: "tool_call", arguments: { a: 1 }, result: "ok" })).toEqual({
      type: "tool_call",
      arguments: { a: 1 },
      result: "ok",
    });
    expect(redactedPart({ type: "tool_call", arguments: long, result: [long] })).toEqual({
      type: "tool_call",
      arguments: `{"a":"${"b".repeat(9_994)}`,
      arguments_length: 10_008,
      result: `[{"a":"${"b".repeat(9_993)}`,
      result_length: 10_010,
    });
  });

  it("keeps the length that was recorded where the text had been cut before", () => {
    expect(redactedPart({ text: "a".repeat(10_001), text_length: 50_000 })?.text_length).toBe(50_000);
    expect(redactedPart({ text: "a".repeat(10_001), text_length: 3 })?.text_length).toBe(10_001);
    expect(redactedPart({ type: "file", data: "aHVu", length: 50_000 })?.length).toBe(50_000);
  });

  it("replaces arguments that nest too deep to be written as JSON", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(redactedPart({ arguments: deep })).toEqual({ arguments: "[REDACTED]" });
  });

  it("redacts the beginning of JSON arguments that somebody else has cut", () => {
    expect(redactedPart({ type: "tool_call", arguments: '{"user":"ann","password":"hunt' })?.arguments).toBe(
      '{"user":"ann","password":"[REDACTED]"',
    );
  });

  it("reduces a file to its name, its type and its size", () => {
    const file = { type: "file", filename: "a.png", media_type: "image/png" };
    const reduced = { ...file, length: 7 };
    expect(redactedPart({ ...file, data: "aHVudGVyMg==" })).toEqual(reduced);
    expect(redactedPart({ ...file, data: "data:image/png;base64,aHVudGVyMg==" })).toEqual(reduced);
    expect(redactedPart({ ...file, image: new Uint8Array(7) })).toEqual(reduced);
    expect(redactedPart({ ...file, data: { type: "Buffer", data: [1, 2, 3, 4, 5, 6, 7] } })).toEqual(reduced);
    expect(redactedPart({ ...file, data: "https://host/a.png" })).toEqual(file);
    expect(redactedPart(reduced)).toEqual(reduced);
  });

  it("is whole again after a second pass, with the length of the first, wherever the cut fell", () => {
    const inText = fc.constantFrom(
      "see https://host/?a=1&key=hunter2 and more",
      "https://user:hunter2@host/?next=https%3A%2F%2Fu%3Ahunter2%40host",
      "data:image/png;base64,aHVudGVyMg== 😀😀",
    );
    const inJson = fc.constantFrom(
      '"},{"password":"hunter2","arguments":"{\\"token\\":\\"hunter2\\",\\"b\\":[1.5e3,true,null]}"}]',
      '\\u0061\\n"},{"p\\u0061ssword":["hunter2", {"a":-1.5}], "b": "data:image/png;base64,aHVudGVyMg=="}]',
      'https:\\/\\/host\\/?key=hunter2\\u0022"},{"a":"https:\\/\\/u:hunter2@host","api_key":12345}]',
    );
    const opening = '[{"a":"';
    const tail = fc.oneof(
      inText.map((end) => ({ start: "", end })),
      fc.oneof(inText, inJson).map((end) => ({ start: opening, end })),
    );
    fc.assert(
      fc.property(tail, fc.nat(110), ({ start, end }, before) => {
        const filled = (length: number) => start.padEnd(length - before) + end;
        const text = filled(9_990) + " ".repeat(200);
        const step = {
          normalized_response: { content: [{ type: "tool_result", text, arguments: text, result: { text } }] },
          attempts: [{ response_body: filled(49_990) + (start === opening ? "" : " ".repeat(200)) }],
        };
        const once = redactStepPayloads(step);
        expect(redactStepPayloads(once)).toEqual(once);
        expect(/hunter2|aHVudGVyMg|12345/.exec(JSON.stringify(once))?.[0]).toBeUndefined();
        expect(once.normalized_response.content[0]?.text.length).toBeLessThanOrEqual(10_000);
      }),
      { numRuns: 500 },
    );
  });
});

describe("anything at all", () => {
  it("is redacted without an error and without being changed, and twice is as good as once", () => {
    const record = fc.dictionary(
      fc.constantFrom(
        "messages",
        "parts",
        "content",
        "text",
        "data",
        "request_body",
        "url",
        "request_headers",
        "token",
      ),
      fc.jsonValue(),
    );
    const step = fc.record(
      {
        normalized_request: fc.record({
          messages: fc.array(fc.record({ parts: fc.array(fc.oneof(record, fc.jsonValue())) })),
        }),
        normalized_response: record,
        attempts: fc.array(record),
        error: record,
        metadata: record,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(step, (given) => {
        const before = JSON.stringify(given);
        const once = redactStepPayloads(given);
        expect(JSON.stringify(given)).toBe(before);
        expect(redactStepPayloads(once)).toEqual(once);
      }),
    );
  });
});
