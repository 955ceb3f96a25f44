import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";

import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";

import { describeApi } from "../../src/http/openapi.ts";
import { CONTENTS } from "../chats/file-contents.ts";
import { completeRun } from "../debug-batches.ts";
import { createTestApp, type TestApp } from "../test-app.ts";
import { arbitraryOf, nastyJson, nastyText, type JsonSchema } from "./arbitrary-json.ts";

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: JsonSchema }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
}

interface DocumentedRoute extends Operation {
  readonly method: string;
  readonly path: string;
}

let app: TestApp;
/** Whoever everything belongs to that there is. */
let main: string;
/** Keys of every kind of caller, and of nobody. */
const callers: (string | undefined)[] = [undefined, "no-key"];
/** What there is, by the name of the parameter that names it; one of each is of nothing. */
const known: Record<string, string[]> = {
  chat: [randomUUID()],
  message: ["0", "-1", "1.5", "9007199254740993", "9".repeat(40)],
  file: [randomUUID()],
  run: [randomUUID()],
  step: [randomUUID()],
  user: [randomUUID()],
};
/** The ids of everything. */
const ids: string[] = [];

let routes: DocumentedRoute[];
let definitions: Record<string, JsonSchema>;

beforeAll(async () => {
  app = await createTestApp();
  for (const role of ["member", "auditor", "owner"] as const) {
    const user = await app.createUser({ role });
    callers.push(user.key, await app.createKey(user.id, "ingest"));
    if (role === "owner") main = user.key;
  }
  await fill(main);
  known.user?.push((await app.createUser()).id);
  ids.push(...Object.entries(known).flatMap(([name, list]) => (name === "message" ? [] : list)));
  const document = describeApi(app.app);
  definitions = document.components?.schemas ?? {};
  routes = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, ...(operation as unknown as Operation) })),
  );
});

/** Families in several states, with messages, a file and a debug run. */
async function fill(key: string): Promise<void> {
  const client = app.client(key);
  const file = await client.chats.uploadFile({ content: CONTENTS["text/plain"], name: "a", mediaType: "text/plain" });
  for (const state of ["open", "archived", "running", "purging"]) {
    const root = await client.chats.create({ title: state });
    const child = await client.chats.create({ parent_chat_id: root.id });
    const content = [{ type: "file" as const, file_id: file }];
    const { id } = await client.chats.sendMessage(root.id, { role: "user", content });
    const { run, step, batch } = completeRun({ chat_id: root.id, trigger_message_id: id });
    await client.recordDebugBatch(batch);
    if (state === "running") await client.recordDebugBatch({ chats: [{ id: root.id, status: "running" }] });
    if (state === "archived") await client.chats.change(root.id, { archived: true });
    if (state === "purging") await app.pool.query("UPDATE chats SET purging_at = now() WHERE id = $1", [root.id]);
    const made = { chat: root.id, message: String(id), file, run: run.id, step: step.id };
    for (const [name, value] of Object.entries(made)) known[name]?.push(value);
    known.chat?.push(child.id);
  }
}

/** Any of these, whatever their number: the list is filled only when the tests run. */
const oneOf = (list: readonly string[]): fc.Arbitrary<string> => fc.nat().map((n) => list[n % list.length] ?? "");

const segment = (name: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 12, arbitrary: oneOf(known[name] ?? ids) },
    { weight: 1, arbitrary: oneOf(ids) },
    { weight: 1, arbitrary: fc.constantFrom("", ".", "..", "%", "%00", "%2F", "%ff", "%E0%A4", "a".repeat(3_000)) },
    { weight: 1, arbitrary: nastyText.map((text) => encodeURIComponent(text.toWellFormed())) },
  );

function queryOf(route: DocumentedRoute): fc.Arbitrary<string> {
  const names = (route.parameters ?? []).filter((parameter) => parameter.in === "query").map(({ name }) => name);
  const value = fc.oneof(
    oneOf(ids),
    oneOf(known.message ?? []),
    fc.constantFrom("true", "false", "1", "50", "200"),
    nastyText,
  );
  const pair = fc
    .tuple(names.length === 0 ? nastyText : fc.constantFrom(...names), value)
    .map((parts) => parts.map((part) => encodeURIComponent(part.toWellFormed())).join("="));
  return fc
    .array(
      fc.oneof({ weight: 9, arbitrary: pair }, { weight: 1, arbitrary: fc.constantFrom("%", "&&", "=%FF", "x") }),
      {
        maxLength: 4,
      },
    )
    .map((pairs) => pairs.join("&"));
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(text));

function bodyOf(route: DocumentedRoute): fc.Arbitrary<Uint8Array<ArrayBuffer> | undefined> {
  const schema = route.requestBody?.content["application/json"]?.schema ?? {};
  const json = arbitraryOf(schema, { ids, definitions }).map((value) => encode(JSON.stringify(value) ?? ""));
  const malformed = fc.oneof(
    nastyJson.map((value) => encode(JSON.stringify(value))),
    fc.string({ unit: "binary", maxLength: 60 }).map(encode),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => new Uint8Array(bytes)),
    fc.constantFrom(encode("["), encode("[".repeat(50_000)), encode(`{"a":${"[".repeat(5_000)}`), encode("{}{}")),
    fc.constantFrom(...Object.values(CONTENTS)),
    fc.constant(undefined),
  );
  return fc.oneof({ weight: 3, arbitrary: json }, { weight: 1, arbitrary: malformed });
}

function headersOf(route: DocumentedRoute): fc.Arbitrary<Record<string, string>> {
  const mediaTypes = Object.keys(route.requestBody?.content ?? {});
  return fc.record(
    {
      "Content-Type": fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom("application/json", ...mediaTypes) },
        {
          weight: 1,
          arbitrary: fc.constantFrom("", ";", "text/html", "application/x-protobuf", "multipart/form-data", "a/b; c"),
        },
      ),
      "Content-Encoding": fc.constantFrom("identity", "gzip", "br", "gzip, gzip", ""),
      "Content-Disposition": fc.constantFrom("attachment; filename=a.png", "attachment; filename*=UTF-8''%FF", ";;="),
      "Content-Length": fc.constantFrom("0", "5", "99999999999", "-1", "x"),
      "If-None-Match": fc.constantFrom("*", '"x"', ",,,", "W/"),
      Accept: fc.constantFrom("*/*", "application/json", "text/html", ";q=x"),
      Origin: fc.constantFrom("null", "http://elsewhere.example", "x"),
    },
    { requiredKeys: ["Content-Type"] },
  );
}

function requestTo(route: DocumentedRoute) {
  return fc.record({
    segments: fc.tuple(...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => segment(name ?? ""))),
    query: queryOf(route),
    body: bodyOf(route),
    headers: headersOf(route).chain((headers) =>
      fc.boolean().map((plain) => (plain ? { "Content-Type": headers["Content-Type"] ?? "" } : headers)),
    ),
    compressed: fc.boolean(),
    caller: fc.oneof(fc.constant(undefined), fc.nat()),
  });
}

test("whatever is sent to a documented route is answered with less than 500", { timeout: 600_000 }, async () => {
  expect(routes.length).toBeGreaterThan(20);
  const succeeded = new Set<string>();
  for (const route of routes) {
    await fc.assert(
      fc.asyncProperty(requestTo(route), async ({ segments, query, body, headers, compressed, caller }) => {
        const left = [...segments];
        const path = route.path.replaceAll(/\{\w+\}/g, () => left.shift() ?? "");
        const key = caller === undefined ? main : callers[caller % callers.length];
        const sent = body !== undefined && compressed && headers["Content-Encoding"] === "gzip" ? gzip(body) : body;
        const response = await app.request(route.method.toUpperCase(), `${path}${query === "" ? "" : `?${query}`}`, {
          headers,
          ...(key === undefined ? {} : { key }),
          ...(sent === undefined || route.method === "get" ? {} : { body: sent }),
        });
        if (response.ok) succeeded.add(`${route.method} ${route.path}`);
        expect(response.status, `${route.method} ${route.path}`).toBeLessThan(500);
        await response.arrayBuffer();
      }),
      { numRuns: route.requestBody === undefined ? 40 : 100 },
    );
  }
  expect(succeeded.size, "most routes were reached to their end").toBeGreaterThan(routes.length * 0.6);
  const errors = app.logged.filter(({ level }) => level === "error" || Number(level) >= 50);
  expect(errors).toEqual([]);
});

function gzip(body: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(body));
}
