import { gzipSync } from "node:zlib";

import { create, fromBinary, fromJson, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { INGEST_BODY_BYTES } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import {
  ExportTraceServiceRequestSchema,
  ExportTraceServiceResponseSchema,
  RpcStatusSchema,
} from "../../src/recording/otlp/generated/otlp_pb.ts";
import {
  chatOf,
  exportRequest,
  modelSpan,
  newTraceId,
  runOf,
  sentSpan,
  type SentSpan,
} from "../recording/otlp/sent-spans.ts";
import { createTestApp, type TestApp, type TestRequest, type TestUser } from "../test-app.ts";

const JSON_TYPE = { "Content-Type": "application/json" };
const PROTOBUF_TYPE = { "Content-Type": "application/x-protobuf" };
const GZIP = { "Content-Encoding": "gzip" };

let app: TestApp;
let user: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  user = await app.createUser();
});

function post(request: TestRequest, path = "/v1/traces"): Promise<Response> {
  return app.request("POST", path, { key: user.key, ...request });
}

/** A request in protobuf, as an exporter makes it: the ids are bytes there. */
function toProtobuf(spans: readonly SentSpan[]): Uint8Array<ArrayBuffer> {
  const json = JSON.parse(JSON.stringify(exportRequest(spans)), (key, value: unknown) =>
    /^(?:traceId|spanId|parentSpanId)$/.test(key) ? Buffer.from(String(value), "hex").toString("base64") : value,
  ) as object;
  const request = fromJson(ExportTraceServiceRequestSchema, json as Parameters<typeof fromJson>[1], {
    ignoreUnknownFields: true,
  });
  return new Uint8Array(toBinary(ExportTraceServiceRequestSchema, request));
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

/** An error that this encoding carries. */
async function statusOf(response: Response): Promise<{ status: number; code: number; message: string }> {
  const { status } = response;
  if (response.headers.get("Content-Type") === "application/json") {
    return { status, ...((await response.json()) as { code: number; message: string }) };
  }
  const { code, message } = fromBinary(RpcStatusSchema, await bytesOf(response));
  return { status, code, message };
}

describe("an export", () => {
  test.each(["plain", "gzip"])("in protobuf, %s, is answered in protobuf", async (encoding) => {
    const id = newTraceId();
    const body = toProtobuf([modelSpan({ attributes: { "session.id": id } })]);
    const response = await post(
      encoding === "gzip"
        ? { body: new Uint8Array(gzipSync(body)), headers: { ...PROTOBUF_TYPE, ...GZIP } }
        : { body, headers: PROTOBUF_TYPE },
    );
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/x-protobuf");
    expect(await bytesOf(response)).toHaveLength(0);
    expect((await runOf(app, user, chatOf(id))).steps).toHaveLength(1);
  });

  test("in protobuf may say so by its registered name, too", async () => {
    const headers = { "Content-Type": "application/protobuf" };
    const response = await post({ body: toProtobuf([modelSpan()]), headers });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/x-protobuf");
  });

  test.each(["plain", "gzip"])("in JSON, %s, is answered in JSON", async (encoding) => {
    const id = newTraceId();
    const json = exportRequest([modelSpan({ attributes: { "session.id": id } })]);
    const headers = { "Content-Type": "application/json; charset=utf-8" };
    const response = await post(
      encoding === "gzip"
        ? { body: new Uint8Array(gzipSync(JSON.stringify(json))), headers: { ...headers, ...GZIP } }
        : { json, headers },
    );
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.json()).toEqual({});
    expect((await runOf(app, user, chatOf(id))).steps).toHaveLength(1);
  });

  test("takes hexadecimal ids in either case, snake case, and members that it does not know", async () => {
    const id = newTraceId();
    const text = JSON.stringify(exportRequest([modelSpan({ attributes: { "session.id": id } })]))
      .replaceAll('"resourceSpans"', '"unknown":{"a":[1]},"resource_spans"')
      .replaceAll('"scopeSpans"', '"scope_spans"')
      .replace(/"traceId":"[0-9a-f]+"/, (member) => member.toUpperCase().replace("TRACEID", "trace_id"));
    expect(await (await post({ body: text, headers: JSON_TYPE })).json()).toEqual({});
    expect((await runOf(app, user, chatOf(id))).steps[0]?.metadata["trace_id"]).toMatch(/^[0-9a-f]{32}$/);
  });

  test.each(["Authorization", "Coder-Session-Token"])(
    "is let in by the header %s, as exporters set it",
    async (name) => {
      const value = name === "Authorization" ? `Bearer ${user.key}` : user.key;
      const response = await app.request("POST", "/v1/traces", { json: {}, headers: { ...JSON_TYPE, [name]: value } });
      expect(response.status).toBe(200);
    },
  );

  test("of nothing is a success, in both encodings", async () => {
    for (const headers of [JSON_TYPE, PROTOBUF_TYPE]) {
      const response = await post({ body: "", headers });
      expect({ status: response.status, body: (await response.text()).replace("{}", "") }).toEqual({
        status: 200,
        body: "",
      });
    }
  });

  test("of which a part is wrong says how much and why, and records the rest", async () => {
    const id = newTraceId();
    const good = modelSpan({ attributes: { "session.id": id } });
    const spans = [good, { ...modelSpan(), traceId: "AbCd" }, { ...modelSpan(), spanId: "0000000000000000" }];
    const inJson = await post({ json: exportRequest(spans), headers: JSON_TYPE });
    expect(inJson.status).toBe(200);
    const answer: unknown = await inJson.json();
    expect(answer).toEqual({
      partialSuccess: {
        rejectedSpans: "2",
        errorMessage:
          "2 not recorded: A span needs a trace id of 16 bytes and a span id of 8, which are hexadecimal in JSON (32 and 16 digits).",
      },
    });
    const inProtobuf = await post({ body: toProtobuf(spans), headers: PROTOBUF_TYPE });
    expect(fromBinary(ExportTraceServiceResponseSchema, await bytesOf(inProtobuf)).partialSuccess).toMatchObject({
      rejectedSpans: 2n,
    });
    expect((await runOf(app, user, chatOf(id))).steps).toHaveLength(1);
  });

  test("of base64 ids, which other JSON encoders of protobuf write, is told what ids are in JSON", async () => {
    const span = { ...modelSpan(), traceId: Buffer.alloc(16, 7).toString("base64") };
    const response = await post({ json: exportRequest([span]), headers: JSON_TYPE });
    expect(await response.json()).toMatchObject({
      partialSuccess: { rejectedSpans: "1", errorMessage: expect.stringContaining("hexadecimal in JSON") },
    });
  });
});

describe("what is no export", () => {
  const json = JSON.stringify(exportRequest([modelSpan()]));
  const cases: [string, TestRequest, string][] = [
    ["JSON sent as protobuf", { body: json, headers: PROTOBUF_TYPE }, "send JSON with Content-Type: application/json"],
    [
      "protobuf sent as JSON",
      { body: toProtobuf([modelSpan()]), headers: JSON_TYPE },
      "sent with Content-Type: application/x-protobuf",
    ],
    [
      "compressed protobuf that does not say so",
      { body: new Uint8Array(gzipSync(toProtobuf([modelSpan()]))), headers: PROTOBUF_TYPE },
      "Content-Encoding: gzip",
    ],
    [
      "compressed JSON that does not say so",
      { body: new Uint8Array(gzipSync(json)), headers: JSON_TYPE },
      "Content-Encoding: gzip",
    ],
    ["plain text that says it is compressed", { body: json, headers: { ...JSON_TYPE, ...GZIP } }, "not valid gzip"],
    ["JSON that is cut off", { body: json.slice(0, -9), headers: JSON_TYPE }, "not JSON, or is cut off"],
    ["protobuf that is cut off", { body: toProtobuf([modelSpan()]).slice(0, -9), headers: PROTOBUF_TYPE }, "protobuf"],
    ["a list", { body: "[]", headers: JSON_TYPE }, "must be a JSON object"],
    ["metrics", { json: { resourceMetrics: [] }, headers: JSON_TYPE }, "only traces are taken"],
    ["a member of the wrong kind", { json: { resourceSpans: {} }, headers: JSON_TYPE }, "resource_spans"],
    [
      "a count that is none",
      { body: json.replace(/"intValue":"\d+"/, '"intValue":"many"'), headers: JSON_TYPE },
      "int_value",
    ],
  ];

  test.each(cases)("%s is 400 and told what to do", async (_name, request, message) => {
    const answer = await statusOf(await post(request));
    expect(answer).toMatchObject({ status: 400, code: 3, message: expect.stringContaining(message) });
    expect(answer.message.length).toBeLessThan(500);
  });

  test("is 415 with another Content-Type, which the answer names beside the right ones", async () => {
    const response = await post({ body: json, headers: { "Content-Type": "text/plain" } });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({
      code: "unsupported_media_type",
      message:
        "Traces are taken as application/x-protobuf or application/json; this request has the Content-Type text/plain.",
    });
  });

  test("is told of HTTP where it is gRPC", async () => {
    const headers = { "Content-Type": "application/grpc+proto" };
    for (const path of ["/v1/traces", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"]) {
      const response = await post({ body: new Uint8Array(5), headers }, path);
      expect([415, 404]).toContain(response.status);
      expect(await response.json()).toMatchObject({
        message: expect.stringContaining("OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
      });
    }
  });

  test("is 415 with another compression", async () => {
    const response = await post({ body: json, headers: { ...JSON_TYPE, "Content-Encoding": "zstd" } });
    expect(await statusOf(response)).toMatchObject({ status: 415, message: expect.stringContaining("gzip") });
  });

  test("is 413 when it is larger than the limit, after decompression, too", async () => {
    const huge = Buffer.alloc(INGEST_BODY_BYTES + 1, " ");
    const plain = await post({ body: new Uint8Array(huge), headers: JSON_TYPE });
    const packed = await post({ body: new Uint8Array(gzipSync(huge)), headers: { ...PROTOBUF_TYPE, ...GZIP } });
    for (const response of [plain, packed]) {
      expect(await statusOf(response)).toMatchObject({ status: 413, message: expect.stringContaining("16777216") });
    }
  });

  test.each([
    ["spans", (count: number) => ({ resourceSpans: [{ scopeSpans: [{ spans: repeated(count) }] }] })],
    ["attributes", (count: number) => ({ resourceSpans: [{ resource: { attributes: repeated(count) } }] })],
  ])("is 400 with more %s than an exporter ever sends, before they take any memory", async (what, request) => {
    const body = create(
      ExportTraceServiceRequestSchema,
      request(1_200_000) as MessageInitShape<typeof ExportTraceServiceRequestSchema>,
    );
    const bytes = new Uint8Array(toBinary(ExportTraceServiceRequestSchema, body));
    expect(bytes.length).toBeLessThan(INGEST_BODY_BYTES);
    const answer = await statusOf(await post({ body: bytes, headers: PROTOBUF_TYPE }));
    expect(answer).toMatchObject({ status: 400, message: expect.stringContaining("batches smaller") });
    expect(answer.message).toContain(what);
  });

  test("is 400 in JSON with more spans than an exporter ever sends", async () => {
    const spans = repeated(20_001);
    const response = await post({ json: { resourceSpans: [{ scopeSpans: [{ spans }] }] }, headers: JSON_TYPE });
    expect(await statusOf(response)).toMatchObject({ status: 400, message: expect.stringContaining("20000 spans") });
  });

  test("is 400 with values that are nested without end", async () => {
    const nested = (depth: number): object =>
      depth === 0 ? { stringValue: "x" } : { arrayValue: { values: [nested(depth - 1)] } };
    const attributes = [{ key: "a", value: nested(200) }];
    const request = { resourceSpans: [{ scopeSpans: [{ spans: [{ attributes }] }] }] };
    expect(await statusOf(await post({ json: request, headers: JSON_TYPE }))).toMatchObject({ status: 400 });
  });

  function repeated(count: number): never[] {
    return Array.from({ length: count }, () => ({})) as never[];
  }
});

describe("an error", () => {
  const asked = "OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20slf_...";
  test.each([
    ["no key", {}, asked],
    ["a key without its scheme", { Authorization: "slf_x" }, "does not begin with Bearer"],
    ["a scheme without its key", { Authorization: "Bearer" }, asked],
    ["a blank that is encoded where it need not be", { Authorization: "Bearer%20slf_x" }, "holds %20"],
    ["a key that is not in force", { Authorization: "Bearer slf_x" }, "The key is not in force"],
    ["such a key in the other header", { "Coder-Session-Token": "slf_x" }, "The key is not in force"],
  ])("with %s is 401, which exporters can read, and says what to do", async (_what, given, message) => {
    for (const headers of [JSON_TYPE, PROTOBUF_TYPE]) {
      const response = await app.request("POST", "/v1/traces", { body: "", headers: { ...headers, ...given } });
      const answer = await statusOf(response);
      expect(answer).toMatchObject({ status: 401, code: 16, message: expect.stringContaining(message) });
      expect(answer.message).not.toContain("slf_x");
    }
  });
});

test("a slash at the end of the address changes nothing", async () => {
  const request = { json: exportRequest([sentSpan()]), headers: JSON_TYPE };
  expect(await (await post(request, "/v1/traces/")).json()).toEqual({});
  expect(await statusOf(await app.request("POST", "/v1/traces/", request))).toMatchObject({ status: 401, code: 16 });
});

describe("a server that cannot store spans at the moment", () => {
  test.each(["57P03", "53300", "ECONNREFUSED", "55P03", undefined])(
    "asks for another try, which does no harm, where the database fails with %s",
    async (code) => {
      let failures = 0;
      const away = await createTestApp({
        around: (store) => ({
          ...store,
          recordDebugBatch(...input) {
            failures += 1;
            if (failures > 1) return store.recordDebugBatch(...input);
            return Promise.reject(Object.assign(new Error("No database."), code === undefined ? {} : { code }));
          },
        }),
      });
      const sender = await away.createUser();
      const id = newTraceId();
      const request = {
        key: sender.key,
        json: exportRequest([modelSpan({ attributes: { "session.id": id } })]),
        headers: JSON_TYPE,
      };
      const first = await away.request("POST", "/v1/traces", request);
      expect(first.headers.get("Retry-After")).toBe("5");
      expect(await statusOf(first)).toEqual({
        status: 503,
        code: 14,
        message: "The spans could not be stored at the moment; sending them again does no harm.",
      });
      const second = await away.request("POST", "/v1/traces", request);
      expect(await second.json()).toEqual({});
      expect((await runOf(away, sender, chatOf(id))).steps).toHaveLength(1);
    },
  );

  test("does not ask for one where the fault is its own", async () => {
    const broken = await createTestApp({
      around: (store) => ({ ...store, noteTraces: () => Promise.reject(new TypeError("undefined is not a function")) }),
    });
    const { key } = await broken.createUser();
    const response = await broken.request("POST", "/v1/traces", {
      key,
      json: exportRequest([modelSpan()]),
      headers: JSON_TYPE,
    });
    expect(await statusOf(response)).toEqual({ status: 500, code: 13, message: "Something went wrong on the server." });
    expect(response.headers.get("Retry-After")).toBeNull();
  });
});

describe("an exporter that is set up a little wrong", () => {
  test.each([
    ["POST", "/v1/metrics", "Only traces are taken here, no metrics"],
    ["POST", "/v1/logs", "OTEL_LOGS_EXPORTER=none"],
    ["POST", "/v1/traces/v1/traces", "appends /v1/traces to OTEL_EXPORTER_OTLP_ENDPOINT by itself"],
    ["POST", "/api/v1/traces", "directly below the address of this server"],
    ["POST", "/", "Spans are taken at /v1/traces"],
    ["POST", "/otlp", "Spans are taken at /v1/traces"],
    ["GET", "/v1/traces", "with POST"],
  ])("%s %s is 404 and told what to change", async (method, path, message) => {
    const response = await app.request(method, path, {
      key: user.key,
      headers: PROTOBUF_TYPE,
      ...(method === "POST" && { body: toProtobuf([sentSpan()]) }),
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "not_found", message: expect.stringContaining(message) });
  });

  test("is not told of spans where it is no exporter", async () => {
    for (const [path, headers] of [
      ["/", { "Content-Type": "text/plain" }],
      ["/otlp", JSON_TYPE],
    ] as const) {
      const response = await app.request("POST", path, { key: user.key, json: {}, headers });
      expect(await response.json()).toMatchObject({ message: "There is no such route, or you may not see it." });
    }
  });
});
