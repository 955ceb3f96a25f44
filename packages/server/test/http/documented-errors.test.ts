import { randomUUID } from "node:crypto";

import { beforeAll, describe, expect, test } from "vitest";

import { describeApi } from "../../src/http/openapi.ts";
import { CHATS, createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

let app: TestApp;
let owner: TestUser;
let member: TestUser;
/** A root with a child, and an archived chat, of the member. */
let chats: { root: string; child: string; archived: string };

beforeAll(async () => {
  app = await createTestApp();
  owner = await app.createUser({ role: "owner" });
  member = await app.createUser({ role: "member" });
  const client = app.client(member.key).chats;
  const { id: root } = await client.create();
  const { id: child } = await client.create({ parent_chat_id: root });
  const { id: archived } = await client.create();
  await client.change(archived, { archived: true });
  chats = { root, child, archived };
  await app.pool.query("INSERT INTO site_configs (key, value) VALUES ('agents_chat_retention_days', 'soon')");
});

interface Refused {
  readonly as?: "owner";
  /** The route as the document has it, below `/api/experimental/chats`. */
  readonly route: readonly [method: string, path: string];
  /** What stands for the parameters of its path. */
  readonly path?: () => Record<string, string>;
  readonly json?: unknown;
  readonly body?: string;
  readonly answer: readonly [status: number, message: string];
}

const change = ["PATCH", "/{chat}"] as const;
const root = (): Record<string, string> => ({ chat: chats.root });
const child = (): Record<string, string> => ({ chat: chats.child });
const archived = (): Record<string, string> => ({ chat: chats.archived });
const nobodys = (): Record<string, string> => ({ chat: randomUUID() });
const MESSAGE = { role: "user", content: [{ type: "text", text: "Hello" }] };
const NO_CHAT = "There is no such chat, or you may not see it.";

const REFUSED: readonly Refused[] = [
  {
    route: change,
    path: child,
    json: { archived: true },
    answer: [400, "Chat archive state can only be changed on the root chat."],
  },
  { route: change, path: archived, json: { archived: true }, answer: [400, "Chat is already archived."] },
  { route: change, path: root, json: { archived: false }, answer: [400, "Chat is not archived."] },
  { route: change, path: archived, json: { pin_order: 1 }, answer: [400, "Cannot pin an archived chat."] },
  { route: change, path: child, json: { pin_order: 1 }, answer: [400, "Cannot pin a child chat."] },
  { route: change, path: root, json: { pin_order: -1 }, answer: [400, "Pin order must be non-negative."] },
  { route: change, path: nobodys, json: {}, answer: [404, NO_CHAT] },
  { route: ["GET", "/{chat}"], path: nobodys, answer: [404, NO_CHAT] },
  { route: ["GET", "/{chat}"], path: () => ({ chat: "17" }), answer: [400, "Invalid chat ID."] },
  {
    route: ["POST", "/{chat}/messages"],
    path: archived,
    json: MESSAGE,
    answer: [400, "Cannot send messages to an archived chat."],
  },
  { route: ["GET", "/{chat}/messages"], path: nobodys, answer: [404, NO_CHAT] },
  {
    route: ["PATCH", "/{chat}/messages/{message}"],
    path: () => ({ ...root(), message: "x" }),
    json: {},
    answer: [400, "Invalid message ID."],
  },
  { route: ["GET", "/{chat}/debug/runs"], path: nobodys, answer: [404, NO_CHAT] },
  {
    route: ["GET", "/{chat}/debug/runs/{run}"],
    path: () => ({ ...root(), run: "x" }),
    answer: [400, "Invalid debug run ID."],
  },
  {
    route: ["GET", "/{chat}/debug/runs/{run}"],
    path: () => ({ ...root(), run: randomUUID() }),
    answer: [404, "There is no such debug run, or you may not see it."],
  },
  { route: ["POST", "/files"], body: "x".repeat(10 * 1024 * 1024 + 1), answer: [413, "File too large."] },
  { route: ["GET", "/files/{file}"], path: () => ({ file: "x" }), answer: [400, "Invalid file ID."] },
  { route: ["GET", "/config/retention-days"], answer: [500, "Failed to get chat retention days."] },
  { route: ["PUT", "/config/retention-days"], json: { retention_days: 1 }, answer: [403, "You may not do this."] },
  {
    as: "owner",
    route: ["PUT", "/config/retention-days"],
    json: { retention_days: 3651 },
    answer: [400, "Retention days must be between 0 and 3650."],
  },
  {
    as: "owner",
    route: ["PUT", "/config/debug-retention-days"],
    json: { debug_retention_days: -1 },
    answer: [400, "Chat debug retention days must be between 0 and 3650."],
  },
  {
    as: "owner",
    route: ["PUT", "/config/auto-archive-days"],
    json: { auto_archive_days: -1 },
    answer: [400, "Auto-archive days must be between 0 and 3650."],
  },
  {
    as: "owner",
    route: ["GET", "/config/auto-archive-days/preview"],
    answer: [400, "Auto-archive days must be between 0 and 3650."],
  },
  { route: ["GET", "/config/debug-logging"], answer: [404, "There is no such setting, or you may not see it."] },
  // This deployment records every chat.
  {
    route: ["PUT", "/config/user-debug-logging"],
    json: { debug_logging_enabled: true },
    answer: [409, "Chat debug logging is forced on by the deployment."],
  },
];

describe("what a route refuses stands in the document of the API, with its sentence", () => {
  test.each(REFUSED.map((refused) => [...refused.route, ...refused.answer, refused] as const))(
    "%s %s: %d %s",
    async (method, template, status, message, { as, path, json, body }) => {
      const address = Object.entries(path?.() ?? {}).reduce(
        (text, [name, value]) => text.replace(`{${name}}`, value),
        CHATS + template,
      );
      const { key } = as === "owner" ? owner : member;
      const headers = body === undefined ? {} : { "Content-Type": "text/plain" };
      const response = await app.request(method, address, {
        key,
        json,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      expect([response.status, (await readErrorBody(response)).message]).toEqual([status, message]);
      const paths = describeApi(app.app).paths as Record<
        string,
        Record<string, { responses: Record<string, unknown> }>
      >;
      expect(paths[CHATS + template]?.[method.toLowerCase()]?.responses[status]).toMatchObject({
        description: expect.stringContaining(message),
        content: { "application/json": { schema: expect.anything() } },
      });
    },
  );
});
