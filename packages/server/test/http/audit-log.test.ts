import { randomUUID } from "node:crypto";

import { RETENTION_SETTINGS, type AuditEntry } from "@shelflife/api-contract";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";

import { createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

const PATH = "/api/experimental/audit";

let app: TestApp;
let admin: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  admin = await app.createUser({ role: "owner" });
});

beforeEach(() => app.pool.query("DELETE FROM audit_logs"));

async function allPages(query: { resource_type?: string; limit: number }): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for (let before: string | undefined; ;) {
    const page = await app.client(admin.key).people.audit({ ...query, ...(before === undefined ? {} : { before }) });
    entries.push(...page.entries);
    if (page.next_before === null) return entries;
    before = page.next_before;
  }
}

describe("the audit log", () => {
  test("says who changed what, from what to what, from where and when", async () => {
    const headers = { "User-Agent": "test-agent" };
    const path = "/api/experimental/chats/config/debug-retention-days";
    const init = { method: "PUT", headers: { ...headers, "Coder-Session-Token": admin.key } };
    const socket = { remoteAddress: "203.0.113.7", remotePort: 1, remoteFamily: "IPv4" };
    const changed = await app.app.request(
      path,
      { ...init, body: '{"debug_retention_days":7}' },
      { incoming: { socket } },
    );
    expect(changed.status).toBe(204);
    expect(await allPages({ limit: 10 })).toEqual([
      {
        id: expect.any(String),
        time: app.clock.now().toISOString(),
        user_id: admin.id,
        user_email: admin.email,
        ip: "203.0.113.7",
        user_agent: "test-agent",
        resource_type: "site_config",
        resource_id: "",
        resource_target: RETENTION_SETTINGS["debug-retention-days"].key,
        action: "write",
        diff: { debug_retention_days: { old: 30, new: 7 } },
        additional_fields: {},
        request_id: changed.headers.get("X-Request-Id"),
      },
    ]);
  });

  test("names no person where the system or the command line acted, nor one who is gone", async () => {
    await app.store.changeRetentionWindow(RETENTION_SETTINGS["retention-days"], 7, { userId: null, subsystem: "cli" });
    await app.store.changeRetentionWindow(RETENTION_SETTINGS["retention-days"], 8, { userId: randomUUID() });
    expect(await allPages({ limit: 10 })).toMatchObject([
      { user_id: expect.any(String), user_email: null },
      { user_id: null, user_email: null, additional_fields: { subsystem: "cli" } },
    ]);
  });

  test("says by SQL what each request was answered with, and 0 where nobody asked over HTTP", async () => {
    const { key } = admin;
    const answered: number[] = [];
    const ask = async (method: string, path: string, json?: unknown): Promise<unknown> => {
      const response = await app.request(method, `/api/experimental/${path}`, { key, json });
      answered.push(response.status);
      return response.status === 204 ? undefined : response.json();
    };
    await ask("PUT", "chats/config/auto-archive-days", { auto_archive_days: 90 });
    await ask("POST", "users", { email: "new@example.com", role: "member" });
    const made = (await ask("POST", "users/me/keys", { name: "another", scope: "full" })) as { id: string };
    await ask("DELETE", `users/me/keys/${made.id}`);
    expect(answered).toEqual([204, 201, 201, 204]);
    await app.store.changeRetentionWindow(RETENTION_SETTINGS["retention-days"], 9, { userId: null, subsystem: "cli" });
    const { rows } = await app.pool.query<{ status_code: number }>("SELECT status_code FROM audit_logs ORDER BY id");
    expect(rows.map(({ status_code }) => status_code)).toEqual([...answered, 0]);
  });

  test("is read page by page, the newest first, also of one moment, and of one kind of resource", async () => {
    const ids = Array.from({ length: 23 }, () => randomUUID()).toSorted();
    await app.pool.query(
      `INSERT INTO audit_logs (id, time, resource_type, action)
       SELECT id, timestamptz '2026-01-01' + (place / 5) * interval '1 microsecond', CASE place % 2 WHEN 0 THEN 'chat' ELSE 'user' END, 'write'
       FROM unnest($1::uuid[]) WITH ORDINALITY AS item (id, place)`,
      [ids],
    );
    expect((await allPages({ limit: 4 })).map(({ id }) => id)).toEqual(ids.toReversed());
    const chats = ids.filter((_, index) => index % 2 === 1).toReversed();
    expect((await allPages({ resource_type: "chat", limit: 4 })).map(({ id }) => id)).toEqual(chats);
    expect(await allPages({ resource_type: "nothing", limit: 4 })).toEqual([]);
  });

  test("is open to auditors and owners", async () => {
    const statuses: Record<string, number> = {};
    for (const role of ["member", "auditor", "owner"] as const) {
      const { key } = await app.createUser({ role });
      statuses[role] = (await app.request("GET", PATH, { key })).status;
    }
    expect(statuses).toEqual({ member: 403, auditor: 200, owner: 200 });
  });

  test.each(["limit=0", "limit=201", "before=x", "resource_type=", "resource_type=%00"])(
    "refuses %s by its name",
    async (query) => {
      const response = await app.request("GET", `${PATH}?${query}`, { key: admin.key });
      expect(response.status).toBe(400);
      expect(await readErrorBody(response)).toMatchObject({
        code: "validation_failed",
        validations: [{ field: query.split("=")[0] }],
      });
    },
  );
});
