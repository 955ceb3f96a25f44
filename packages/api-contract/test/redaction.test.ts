import { describe, expect, it } from "vitest";

import { redactBody, redactHeaders, redactJson, redactUrl } from "../src/index.ts";

describe("headers", () => {
  it.each([
    "Authorization",
    "x-api-key",
    "API-KEY",
    "proxy-authorization",
    "cookie",
    "Set-Cookie",
    "x-goog-api-key",
    "X-Api_Key",
    "x-amz-security-token",
    "Coder-Session-Token",
    "x-custom-secret",
    "x-bearer",
    "x-ratelimit-auth-token",
    "x-ratelimit-secret",
    "ocp-apim-subscription-key",
  ])("redacts %s", (name) => {
    expect(redactHeaders({ [name]: "hunter2" })).toEqual({ [name]: "[REDACTED]" });
  });

  it.each([
    "x-ratelimit-remaining-tokens",
    "X-RateLimit-Limit-Tokens",
    "x-ratelimit-reset-tokens",
    "anthropic-ratelimit-tokens-limit",
    "anthropic-ratelimit-input-tokens-remaining",
    "anthropic-priority-output-tokens-reset",
    "content-type",
    "x-request-id",
    "retry-after",
  ])("keeps %s", (name) => {
    expect(redactHeaders({ [name]: "149984" })).toEqual({ [name]: "149984" });
  });

  it("reads the Headers of the fetch API and joins the values of a name given twice", () => {
    const headers = new Headers([
      ["accept", "application/json"],
      ["accept", "text/plain"],
      ["authorization", "Bearer hunter2"],
    ]);
    expect(redactHeaders(headers)).toEqual({ accept: "application/json, text/plain", authorization: "[REDACTED]" });
    expect(redactHeaders({ accept: ["a", "b"], missing: undefined })).toEqual({ accept: "a, b" });
  });

  it("redacts the secret in a relative redirect", () => {
    expect(redactHeaders({ Location: "/callback?access_token=hunter2" })).toEqual({
      Location: "/callback?access_token=[REDACTED]",
    });
  });
});

describe("URLs", () => {
  it.each([
    ["https://user:hunter2@host/v1?x=1", "https://[REDACTED]@host/v1?x=1"],
    ["https://hunter2@host", "https://[REDACTED]@host"],
    ["//user:hunter2@host/v1", "//[REDACTED]@host/v1"],
    ["https:\\\\user:hunter2@host/", "https:\\\\[REDACTED]@host/"],
    ["https:user:hunter2@host/", "https:[REDACTED]@host/"],
    ["postgres://user:hun/ter2#x@host/db", "postgres://[REDACTED]@host/db"],
    ["user:hunter2@host/v1", "[REDACTED]@host/v1"],
    ["https://host/v1?key=hunter2&alt=sse", "https://host/v1?key=[REDACTED]&alt=sse"],
    ["/v1/models?api_key=hunter2", "/v1/models?api_key=[REDACTED]"],
    ["?a=1&X-Amz-Signature=hunter2#top", "?a=1&X-Amz-Signature=[REDACTED]#top"],
    ["https://host/#access_token=hunter2&state=1", "https://host/#access_token=[REDACTED]&state=1"],
    ["https://host/#/route?id_token=hunter2", "https://host/#/route?id_token=[REDACTED]"],
    ["https://host/?%74oken=hunter2", "https://host/?%74oken=[REDACTED]"],
    ["https://host/?auth[token]=hunter2", "https://host/?auth[token]=[REDACTED]"],
    ["https://host/?secret=a;b?hunter2=c", "https://host/?secret=[REDACTED]"],
    ["https://host/?next=/cb?token=hunter2", "https://host/?next=/cb?token=[REDACTED]"],
    ["https://host/?a=1;token=hunter2", "https://host/?a=1;token=[REDACTED]"],
    ["https://host/?tokens=hunter2", "https://host/?tokens=[REDACTED]"],
    ["https://host/?next=%2Fcb%3Ftoken%3Dhunter2", "https://host/?next=[REDACTED]"],
    ["https://host/?next=%252525253Ftoken%252525253Dhunter2", "https://host/?next=[REDACTED]"],
    ["https://host/?next=https%3A%2F%2Fu%3Ahunter2%40host", "https://host/?next=[REDACTED]"],
    ["https://host/?next=//user:hunter2@host", "https://host/?next=[REDACTED]"],
    ["https://host/?q=say%20hi%26token%3Dhunter2", "https://host/?q=[REDACTED]"],
    ["https://host/?q=%7B%22password%22%3A%22hunter2%22%7D", "https://host/?q=[REDACTED]"],
    ["https://host/a;token=hunter2/b", "https://host/a;token=[REDACTED]/b"],
    ["https://host/?tok\nen=hunter2", "https://host/?token=[REDACTED]"],
  ])("redacts %j", (url, redacted) => {
    expect(redactUrl(url)).toBe(redacted);
  });

  it.each([
    "https://host/v1/models?alt=sse&max_tokens=5&tokens=7",
    "https://host/@scope/package?q=a@b.example",
    "git@host:owner/repository",
    "/v1/chat/completions",
    "https://host/?next=%2Fcb%3Fpage%3D2&q=100%25",
    "https://host/?next=%2525252Fcb",
    "",
    "%",
    "https://[::1/",
    "mailto",
  ])("keeps %j", (url) => {
    expect(redactUrl(url)).toBe(url);
  });
});

describe("JSON", () => {
  it.each([
    "client_secret",
    "PASSWORD",
    "proxyAuthorization",
    "aws_credentials",
    "token",
    "x-token",
    "access_token",
    "refreshToken",
    "id-token",
    "api_key",
    "apikey",
    "apiKey",
    "x-api-key",
    "session_token",
    "authToken",
    "bearer",
    "OPENAI_API_KEY",
  ])("replaces whatever stands under %s", (key) => {
    for (const value of ["hunter2", 12345, true, null, ["hunter2"], { deep: "hunter2" }]) {
      expect(redactJson({ [key]: value, safe: "ok" })).toEqual({ [key]: "[REDACTED]", safe: "ok" });
    }
  });

  it("keeps token counts and usage", () => {
    const usage = {
      max_tokens: 4096,
      maxOutputTokens: 2048,
      input_tokens: 100,
      total_tokens: 150,
      cache_read_input_tokens: 3,
      completion_tokens_details: { reasoning_tokens: 10 },
      access_tokens: 2,
      refresh_tokens: null,
      token_count: 7,
      next_page_token: "page 2",
    };
    expect(redactJson(usage)).toEqual(usage);
  });

  it("takes a plural for a list of credentials unless it is a count", () => {
    expect(redactJson({ api_keys: ["hunter2"], access_tokens: "hunter2" })).toEqual({
      api_keys: "[REDACTED]",
      access_tokens: "[REDACTED]",
    });
  });

  it("looks into a string that is JSON, as tool arguments are on the wire", () => {
    const call = { function: { name: "login", arguments: '{"user": "ann", "password": "hunter2"}' } };
    expect(redactJson(call)).toEqual({
      function: { name: "login", arguments: '{"user": "ann", "password": "[REDACTED]"}' },
    });
  });

  it.each([
    ['401 {"error":{"api_key":"k"}}', '401 {"error":{"api_key":"[REDACTED]"}}'],
    [
      'POST /a {"token": "k"} -> {"password":"k"}, twice',
      'POST /a {"token": "[REDACTED]"} -> {"password":"[REDACTED]"}, twice',
    ],
    ['cut off: {"a":1,"password":"hunt', 'cut off: {"a":1,"password":"[REDACTED]"'],
    ['{x} {"a" {"token":"k"}', '{x} {"a" {"token":"[REDACTED]"}'],
    ['quoted: "{\\"token\\":1}"', 'quoted: "{\\"token\\":1}"'],
    ['set {"max_tokens": 5} and {name}', 'set {"max_tokens": 5} and {name}'],
  ])("finds the objects that stand among words: %s", (text, redacted) => {
    expect(redactJson({ message: text })).toEqual({ message: redacted });
  });

  it("redacts headers inside JSON by the rules for headers", () => {
    const tool = { type: "mcp", headers: { "X-Mcp-Token-Id": "hunter2", accept: "*/*" } };
    const redacted = { type: "mcp", headers: { "X-Mcp-Token-Id": "[REDACTED]", accept: "*/*" } };
    expect(redactJson(tool)).toEqual(redacted);
    expect(redactBody(JSON.stringify(tool))).toBe(JSON.stringify(redacted));
    expect(redactBody('{"responseHeaders":[{"x-my-token":"hunter2"}]}')).toBe(
      '{"responseHeaders":[{"x-my-token":"[REDACTED]"}]}',
    );
  });

  it("copies what says itself how it looks in JSON", () => {
    const value = { at: new Date(0), url: new URL("https://u:hunter2@host/") };
    expect(redactJson(value)).toEqual({ at: "1970-01-01T00:00:00.000Z", url: "https://[REDACTED]@host/" });
  });

  it("redacts the URLs in a string", () => {
    expect(redactJson({ message: "GET https://u:hunter2@host/?key=hunter2 failed" })).toEqual({
      message: "GET https://[REDACTED]@host/?key=[REDACTED] failed",
    });
  });

  it("drops the content of files", () => {
    expect(redactJson({ url: "data:image/png;base64,aHVudGVyMg==", data: "aHVu".repeat(20) })).toEqual({
      url: "data:image/png;base64,[REDACTED]",
      data: "[REDACTED]",
    });
    expect(redactJson({ b64_json: "aHVu", data: "aHVu" })).toEqual({ b64_json: "[REDACTED]", data: "aHVu" });
    expect(redactJson({ audio: new Uint8Array(3) })).toEqual({ audio: "[REDACTED]" });
  });

  it("copies a member called __proto__ as a member", () => {
    const redacted = redactJson(JSON.parse('{"__proto__": {"password": "hunter2", "safe": 1}}')) as object;
    expect(JSON.stringify(redacted)).toBe('{"__proto__":{"password":"[REDACTED]","safe":1}}');
    expect(Object.getPrototypeOf(redacted)).toBe(Object.prototype);
  });

  it("ends for an object that holds itself, and for one nested 100,000 deep", () => {
    const circle: Record<string, unknown> = { password: "hunter2" };
    circle.self = circle;
    const copy = redactJson(circle) as typeof circle;
    expect(copy.password).toBe("[REDACTED]");
    expect(copy.self).toBe(copy);

    let deep: unknown = { token: "hunter2" };
    for (let level = 0; level < 100_000; level++) deep = level % 2 === 0 ? [deep] : { deep };
    let inner: unknown = redactJson(deep);
    for (let level = 0; level < 100_000; level++) inner = Object.values(inner as object)[0];
    expect(inner).toEqual({ token: "[REDACTED]" });
  });
});

describe("bodies", () => {
  it("keeps a JSON body as it was written but for its secrets", () => {
    const body = '{ "id": 12345678901234567890,\n  "api_key" : {"a": [1, "hunter2"]}, "text": "caf\\u00e9" }';
    expect(redactBody(body, "application/json; charset=utf-8")).toBe(
      '{ "id": 12345678901234567890,\n  "api_key" : "[REDACTED]", "text": "caf\\u00e9" }',
    );
  });

  it.each([
    "<html>hunter2</html>",
    '{"password": "hunter2"',
    '{"a": 1}{"password": "hunter2"}',
    "{'password': 'hunter2'}",
    "01",
    "[1,]",
  ])("replaces a body whole that claims to be JSON and is not: %s", (body) => {
    expect(redactBody(body, "application/problem+json")).toBe("[REDACTED]");
  });

  it("finds the end of a secret that holds further secrets, and skips a byte order mark", () => {
    const body = '\uFEFF{"password": {"url": "https://u:hunter2@host", "token": [{}]}, "a": 1}';
    expect(redactBody(body, "application/json")).toBe('\uFEFF{"password": "[REDACTED]", "a": 1}');
  });

  it("replaces a body of several parts, which are files", () => {
    expect(redactBody("--x\r\n\r\nhunter2\r\n--x--", "multipart/form-data; boundary=x")).toBe("[REDACTED]");
  });

  it("replaces a body whole that only looks like JSON", () => {
    expect(redactBody('{"password": "hunter2"', undefined)).toBe("[REDACTED]");
    expect(redactBody('{"password": "hunter2"', "text/plain")).toBe("[REDACTED]");
  });

  it("keeps an empty body and text that claims nothing", () => {
    expect(redactBody("", "application/json")).toBe("");
    expect(redactBody("upstream timed out", "text/plain")).toBe("upstream timed out");
    expect(redactBody("[error] upstream timed out", "text/plain")).toBe("[error] upstream timed out");
    expect(redactBody(undefined)).toBeUndefined();
  });

  it("redacts each line of JSON lines and replaces one that is not JSON", () => {
    const body = '{"safe":"ok"}\nhunter2\r\n\n{"token":"hunter2"}\n';
    const redacted = '{"safe":"ok"}\n[REDACTED]\r\n\n{"token":"[REDACTED]"}\n';
    expect(redactBody(body, "application/x-ndjson")).toBe(redacted);
    expect(redactBody('{"a":1}\n{"token":"hunter2"}', null)).toBe('{"a":1}\n{"token":"[REDACTED]"}');
  });

  it("redacts the data of an event stream and keeps its other fields", () => {
    const body = ': ping\nevent: delta\nid: 7\ndata: {"secret":"hunter2","n":1}\n\ndata:hunter2\n\ndata: [DONE]\n\n';
    const redacted =
      ': ping\nevent: delta\nid: 7\ndata: {"secret":"[REDACTED]","n":1}\n\ndata:[REDACTED]\n\ndata: [DONE]\n\n';
    expect(redactBody(body, "text/event-stream")).toBe(redacted);
    expect(redactBody(body, undefined)).toBe(redacted);
  });

  it("redacts a JSON error that was sent as an event stream", () => {
    expect(redactBody('{\n"error": {"password": "hunter2"}\n}', "text/event-stream")).toBe(
      '{\n"error": {"password": "[REDACTED]"}\n}',
    );
  });

  it("redacts a form by its keys", () => {
    const form = "grant_type=refresh&client_secret=hunter2%26&refresh_token=hunter2&max_tokens=5";
    const redacted = "grant_type=refresh&client_secret=[REDACTED]&refresh_token=[REDACTED]&max_tokens=5";
    expect(redactBody(form, "application/x-www-form-urlencoded")).toBe(redacted);
    expect(redactBody(form)).toBe(redacted);
  });

  it("redacts a body that is already parsed", () => {
    expect(redactBody({ messages: [{ password: "hunter2" }] }, "application/json")).toEqual({
      messages: [{ password: "[REDACTED]" }],
    });
  });

  it("accepts the beginning of a JSON document only where the body says that it was cut", () => {
    expect(redactBody('{"a": 1, "password": "hunt[TRUNCATED]', "application/json")).toBe(
      '{"a": 1, "password": "[REDACTED]"[TRUNCATED]',
    );
    expect(redactBody('{"a": "https://host/?key=hunt[TRUNCATED]', "application/json")).toBe(
      '{"a": "https://host/?key=[REDACTED][TRUNCATED]',
    );
    expect(redactBody('{"a": }[TRUNCATED]', "application/json")).toBe("[REDACTED]");
  });
});
