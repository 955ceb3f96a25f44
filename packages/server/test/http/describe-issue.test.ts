import { beforeAll, describe, expect, test } from "vitest";

import { CHATS, createTestApp, readErrorBody, type TestApp } from "../test-app.ts";

let app: TestApp;
let key: string;

beforeAll(async () => {
  app = await createTestApp();
  ({ key } = await app.createUser({ role: "owner" }));
});

async function validations(method: string, path: string, json?: unknown): Promise<unknown> {
  const response = await app.app.request(path, {
    method,
    headers: { "Coder-Session-Token": key },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  expect(response.status).toBe(400);
  return (await readErrorBody(response)).validations;
}

describe("what is wrong with a body or a query is said in plain words, field by field", () => {
  const tooMany = Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`label ${index}`, "x"]));
  test.each<[string, [method: string, path: string, json?: unknown], Record<string, string>]>([
    ["missing", ["PUT", "config/retention-days", {}], { retention_days: "is missing" }],
    ["a text", ["PUT", "config/retention-days", { retention_days: "5" }], { retention_days: "must be a number" }],
    [
      "a fraction",
      ["PUT", "config/retention-days", { retention_days: 0.5 }],
      { retention_days: "must be a whole number" },
    ],
    ["null", ["PUT", "config/retention-days", null], { "": "must be an object" }],
    ["no switch", ["PUT", "config/debug-logging", { allow_users: 1 }], { allow_users: "must be true or false" }],
    ["unknown", ["POST", "", { titel: "x" }], { titel: "is not known here" }],
    ["no id", ["POST", "", { parent_chat_id: "17" }], { parent_chat_id: "must be a UUID" }],
    ["no text", ["POST", "", { title: 17 }], { title: "must be a text" }],
    ["too long a title", ["POST", "", { title: "x".repeat(201) }], { title: "must not exceed 200 characters" }],
    [
      "too long a label",
      ["POST", "", { labels: { a: "x".repeat(201) } }],
      { "labels.a": "must have at most 200 characters" },
    ],
    [
      "too short a name",
      ["POST", "", { labels: { "": "x" } }],
      { "labels.": "its name must have at least 1 character" },
    ],
    ["too many labels", ["POST", "", { labels: tooMany }], { labels: "must not be more than 50" }],
    ["no limit", ["GET", "?limit="], { limit: "must be a whole number from 1 to 200" }],
    ["a limit of 0", ["GET", "?limit=0"], { limit: "must be a whole number from 1 to 200" }],
    ["a limit of 201", ["GET", "?limit=201"], { limit: "must be a whole number from 1 to 200" }],
    ["a limit by another name", ["GET", "?limit=0x10"], { limit: "must be a whole number from 1 to 200" }],
    [
      "not of the list",
      ["POST", "retention/waive-grace", { setting: "days" }],
      {
        setting:
          "must be one of retention-days, debug-retention-days, auto-archive-days, audit-retention-days, ledger-retention-days",
      },
    ],
  ])("%s", async (_, [method, path, json], expected) => {
    expect(
      await validations(method, path.startsWith("?") || path === "" ? CHATS + path : `${CHATS}/${path}`, json),
    ).toEqual(Object.entries(expected).map(([field, detail]) => ({ field, detail })));
  });

  test("the content of a message", async () => {
    const created = await app.app.request(CHATS, {
      method: "POST",
      headers: { "Coder-Session-Token": key },
      body: "{}",
    });
    const { id } = (await created.json()) as { id: string };
    const send = (json: unknown): Promise<unknown> => validations("POST", `${CHATS}/${id}/messages`, json);
    expect(await send({})).toEqual([
      { field: "role", detail: "is missing" },
      { field: "content", detail: "is missing" },
    ]);
    expect(await send({ role: "king", content: [] })).toEqual([
      { field: "role", detail: "must be one of system, user, assistant, tool" },
      { field: "content", detail: "must have at least 1 entry" },
    ]);
    expect(await send({ role: "user", content: [{ type: "image" }, { type: "text" }, 17] })).toEqual([
      { field: "content.0.type", detail: "must be one of text, file" },
      { field: "content.1.text", detail: "is missing" },
      { field: "content.2", detail: "must be an object" },
    ]);
  });
});
