import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { redactBody, redactHeaders, redactJson, redactText, redactUrl, truncateBytes } from "../src/index.ts";

/** No generated text holds it by chance, and it needs no escaping anywhere. */
const SECRET = "hunter2hunter2";

const secretKey = fc.constantFrom(
  "token",
  "access_token",
  "refreshToken",
  "ID_TOKEN",
  "api-key",
  "x-api-key",
  "openaiApiKey",
  "session_token",
  "Bearer",
  "my_secret_thing",
  "userPassword",
  "authorization",
  "credentials",
);

const safeKey = fc.oneof(
  fc.constantFrom("max_tokens", "input_tokens", "total_tokens", "usage", "__proto__", "headers", "data"),
  fc.string({ maxLength: 8 }).map((key) => `k${key.replace(/[a-z]/gi, "")}`),
);

/** A secret in any dress that a JSON value can have. */
const secretValue = fc.constantFrom<unknown>(SECRET, [SECRET], { note: SECRET }, [[{ data: [SECRET, 1] }]]);

interface Planted {
  value: unknown;
}

/** JSON with at least one secret planted in it, at any depth, some of it inside strings that are JSON themselves. */
const jsonWithSecret = fc.letrec<{ node: Planted }>((tie) => ({
  node: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc
      .tuple(secretKey, secretValue, fc.dictionary(safeKey, fc.jsonValue()))
      .map(([key, value, others]) => ({ value: { ...others, [key]: value } })),
    fc.tuple(safeKey, tie("node")).map(([key, inner]) => ({ value: withMember(key, inner.value) })),
    fc.tuple(fc.array(fc.jsonValue(), { maxLength: 3 }), tie("node")).map(([items, inner]) => ({
      value: [...items, inner.value],
    })),
    fc.tuple(safeKey, tie("node")).map(([key, inner]) => ({ value: withMember(key, JSON.stringify(inner.value)) })),
  ),
})).node;

function withMember(key: string, value: unknown): unknown {
  return Object.defineProperty({}, key, { value, enumerable: true, writable: true, configurable: true });
}

const indentation = fc.constantFrom(undefined, 2, "\t");

describe("a secret never survives", () => {
  it("in parsed JSON, which stays untouched itself", () => {
    fc.assert(
      fc.property(jsonWithSecret, ({ value }) => {
        const before = JSON.stringify(value);
        const redacted = redactJson(value);
        expect(JSON.stringify(value)).toBe(before);
        expect(JSON.stringify(redacted)).not.toContain(SECRET);
        expect(redactJson(redacted)).toEqual(redacted);
      }),
    );
  });

  it("in a JSON body, which stays JSON", () => {
    fc.assert(
      fc.property(jsonWithSecret, indentation, ({ value }, space) => {
        const redacted = redactBody(JSON.stringify(value, null, space), "application/json") as string;
        expect(redacted).not.toContain(SECRET);
        expect(JSON.stringify(JSON.parse(redacted))).toBe(JSON.stringify(redactJson(value)));
        expect(redactBody(redacted, "application/json")).toBe(redacted);
      }),
    );
  });

  it("in JSON lines and event streams, with lines among them that are damaged", () => {
    const line = fc.oneof(
      jsonWithSecret.map(({ value }) => JSON.stringify(value)),
      jsonWithSecret.map(({ value }) => JSON.stringify(value).slice(0, -1)),
    );
    const ending = fc.constantFrom("\n", "\r\n");
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 5 }), ending, (lines, newline) => {
        for (const [type, body] of [
          ["application/x-ndjson", lines.join(newline)],
          ["text/event-stream", lines.map((data) => `event: x${newline}data: ${data}${newline}${newline}`).join("")],
        ] as const) {
          const redacted = redactBody(body, type);
          expect(redacted).not.toContain(SECRET);
          expect(redactBody(redacted, type)).toBe(redacted);
        }
      }),
    );
  });

  it("in JSON among words, as the messages of errors quote it", () => {
    const words = fc.stringMatching(/^[a-z0-9 .:>\n{}[\]()=-]{0,20}$/);
    fc.assert(
      fc.property(words, jsonWithSecret, words, indentation, (before, planted, after, space) => {
        const object = { error: planted.value };
        const text = `failed ${before}${JSON.stringify(object, null, space)}${after}`;
        expect(JSON.stringify(redactJson({ message: text }))).not.toContain(SECRET);
        expect(redactBody(text, "text/plain")).not.toContain(SECRET);
      }),
    );
  });

  it("in headers", () => {
    const name = fc.oneof(
      secretKey,
      fc.constantFrom("authorization", "Cookie", "set-cookie", "X-Auth-Token", "x-goog-api-key", "x-ratelimit-secret"),
    );
    const others = fc.dictionary(fc.constantFrom("accept", "__proto__", "x-id"), fc.string());
    fc.assert(
      fc.property(name, others, fc.boolean(), (header, safe, listed) => {
        const headers = { ...safe, [header]: listed ? [SECRET, SECRET] : `Bearer ${SECRET}` };
        const before = JSON.stringify(headers);
        const redacted = redactHeaders(headers);
        expect(JSON.stringify(headers)).toBe(before);
        expect(JSON.stringify(redacted)).not.toContain(SECRET);
        expect(redactHeaders(redacted)).toEqual(redacted);
      }),
    );
  });

  it("in URLs, wherever they are damaged", () => {
    const filler = fc.string({ maxLength: 12, unit: fc.constantFrom(...Array.from("ab/?#&=;%@:.+[]\\ 0é")) });
    const opening = fc.constantFrom("https://", "http:", "//", "wss://", "postgres://", "HTTPS:\\\\");
    const secretParameter = fc.oneof(secretKey, fc.constantFrom("key", "sig", "X-Amz-Signature", "%61pi_key"));
    const atSeparator = fc.constantFrom("?", "&", "?a=1&", "#", "?x=/y?");
    fc.assert(
      fc.property(filler, atSeparator, secretParameter, filler, (before, separator, name, after) => {
        const redacted = redactUrl(`https://host/${before}${separator}${name}=${SECRET}${after}`);
        expect(redacted).not.toContain(SECRET);
        expect(redactUrl(redacted)).toBe(redacted);
      }),
    );
    fc.assert(
      fc.property(opening, filler, filler, (start, user, after) => {
        const redacted = redactUrl(`${start}${user.replace(/[/?#\\@]/g, "")}:${SECRET}@host${after}`);
        expect(redacted).not.toContain(SECRET);
        expect(redactUrl(redacted)).toBe(redacted);
      }),
    );
  });

  it("in forms", () => {
    const pair = fc.tuple(fc.constantFrom("a", "grant_type", "max_tokens"), fc.string()).map(encodePair);
    fc.assert(
      fc.property(fc.array(pair), secretKey, fc.string(), fc.array(pair), (before, name, text, after) => {
        const body = [...before, encodePair([name, SECRET + text]), ...after].join("&");
        const redacted = redactBody(body, "application/x-www-form-urlencoded");
        expect(redacted).not.toContain(SECRET);
        expect(redactBody(redacted, "application/x-www-form-urlencoded")).toBe(redacted);
      }),
    );
  });
});

function encodePair([name, value]: readonly [string, string]): string {
  return new URLSearchParams([[name, value]]).toString();
}

describe("what is no secret survives", () => {
  it("as token counts in JSON and as rate limits in headers", () => {
    const count = fc.constantFrom("max_tokens", "input_tokens", "output_tokens", "total_tokens", "cacheReadTokens");
    fc.assert(
      fc.property(fc.dictionary(count, fc.oneof(fc.nat(), fc.constant(null))), (usage) => {
        expect(redactJson({ usage })).toEqual({ usage });
        const body = JSON.stringify({ usage });
        expect(redactBody(body, "application/json")).toBe(body);
      }),
    );
    const limit = fc
      .tuple(
        fc.constantFrom("x-ratelimit", "anthropic-ratelimit", "X-RateLimit", "x-rate-limit", "anthropic-priority"),
        fc.constantFrom("limit", "remaining", "reset"),
        fc.constantFrom("tokens", "input-tokens", "requests"),
      )
      .map((words) => words.join("-"));
    fc.assert(
      fc.property(limit, fc.nat().map(String), (name, value) => {
        expect(redactHeaders({ [name]: value })).toEqual({ [name]: value });
      }),
    );
  });

  it("as any JSON whose keys and strings hold nothing sensitive", () => {
    const key = fc.constantFrom("role", "content", "max_tokens", "__proto__", "id");
    const text = fc.string({ unit: fc.constantFrom(...Array.from("ab 1é😀{[]}\"'\\,\n")) });
    const json = fc.letrec((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
        fc.array(tie("node")),
        fc.dictionary(key, tie("node")),
      ),
    })).node;
    fc.assert(
      fc.property(json, indentation, (value, space) => {
        const body = JSON.stringify(value, null, space);
        expect(redactBody(body, "application/json")).toBe(body);
        expect(JSON.stringify(redactJson(value))).toBe(JSON.stringify(value));
      }),
    );
  });
});

/** The work that was done since then, in milliseconds: what else the machine has to do does not count. */
function cpuMs(start: NodeJS.CpuUsage): number {
  return process.threadCpuUsage(start).user / 1000;
}

describe("any text at all", () => {
  const type = fc.constantFrom(undefined, "application/json", "application/x-ndjson", "text/event-stream", "text/html");

  it("is redacted without an error, and twice is as good as once", () => {
    const unit = fc.constantFrom(
      ...Array.from('{}[]":,\\\n\r1e-t#?&=;@/%'),
      "data: ",
      "https://",
      "token",
      "[REDACTED]",
      "é",
      "\ud800",
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 40 }), type, (text, contentType) => {
        const body = redactBody(text, contentType);
        expect(redactBody(body, contentType)).toBe(body);
        const url = redactUrl(text);
        expect(redactUrl(url)).toBe(url);
        const message = redactText(text);
        expect(redactText(message)).toBe(message);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ["application/json", '[{"a": -1.5e3, "b": true, "token": "t", "c": "\\u0022\\/"}, null]'],
    [
      "application/json",
      '{"u": "https:\\/\\/host?key=[REDACTED]&b", "s": "{\\u0022token\\u0022:\\u0022[REDACTED]\\u0022}"}',
    ],
    ["application/x-ndjson", '{"token": 1}\nno JSON\n\n[1, 2]\n'],
    [
      "text/event-stream",
      ': ping\nevent: x\nid: 1\nretry: 5\ndata: {"token": "t"}\n\ndata: no JSON\n\nnothing\ndata: [DONE]\n\n',
    ],
    ["application/x-www-form-urlencoded", "a=1&token=t&b=https%3A%2F%2Fu%3Ap%40host"],
    ["text/plain", "see https://u:p@host/?key=k#token=t"],
    ["text/plain", 'got 401 {"a": [1, {"token": "t"}], "s": "b"} and {"api_key": ["k"]} twice'],
  ])("stays as it is when it was redacted first and cut then: %s", (contentType, text) => {
    const redacted = redactBody(text, contentType) as string;
    for (let length = 0; length < redacted.length; length++) {
      const cut = `${redacted.slice(0, length)}[TRUNCATED]`;
      expect(truncateBytes(redactBody(cut, contentType) as string, length)).toBe(cut);
    }
  });

  it("takes time in proportion to its length", () => {
    const size = 200_000;
    for (const piece of [
      "[",
      '{"a":',
      "?a=",
      "a://",
      "data:a/b;",
      "%25",
      "&token",
      '"\\',
      "a=b&",
      ";x",
      "@",
      "\r",
      "http:@",
    ]) {
      const text = piece.repeat(size / piece.length);
      for (const prefix of ["", "https://host/?next=", "[", '"', "data: "]) {
        const start = process.threadCpuUsage();
        redactUrl(prefix + text);
        redactJson(prefix + text);
        redactBody(prefix + text, "application/json");
        redactBody(prefix + text, undefined);
        expect(cpuMs(start), `${prefix}${piece}...`).toBeLessThan(2000);
      }
    }
  });

  it("is searched for JSON among its words in time in proportion to its length", () => {
    for (const piece of ['{"', '{"a', "{ ", 'x {"a": 1', '{"a": 1} ', '{"a": [', '{"a":"{\\"b\\":1}"} ']) {
      const text = `said ${piece.repeat(200_000 / piece.length)}`;
      const start = process.threadCpuUsage();
      redactText(text);
      expect(cpuMs(start), `${piece}...`).toBeLessThan(1000);
    }
  });
});
