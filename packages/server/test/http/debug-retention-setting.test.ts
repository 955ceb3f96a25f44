import { RETENTION_SETTINGS } from "@shelflife/api-contract";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";

import { waitForLockWaits } from "../lock-waits.ts";
import { CHATS, createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

const PATH = `${CHATS}/config/debug-retention-days`;
const KEY = RETENTION_SETTINGS["debug-retention-days"].key;
const RANGE_SENTENCE = "Chat debug retention days must be between 0 and 3650.";
const READ_FAILURE = "Failed to get chat debug retention days.";
const CORRUPT_VALUES = ["abc", "", "30.5", "-1", "3651", " 30", "30 ", "0x10", "1e2", "null", "99999999999999999999"];

let app: TestApp;
let member: TestUser;
let admin: TestUser;

beforeAll(async () => {
  app = await createTestApp();
  member = await app.createUser();
  admin = await app.createUser({ role: "owner" });
});

beforeEach(async () => {
  await app.pool.query("DELETE FROM site_configs");
  await app.pool.query("DELETE FROM audit_logs");
});

async function store(value: string): Promise<void> {
  await app.pool.query(
    "INSERT INTO site_configs (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    [KEY, value],
  );
}

async function storedValue(): Promise<string | undefined> {
  const { rows } = await app.pool.query<{ value: string }>("SELECT value FROM site_configs WHERE key = $1", [KEY]);
  return rows[0]?.value;
}

async function auditedChanges(): Promise<Record<string, unknown>[]> {
  const { rows } = await app.pool.query<Record<string, unknown>>(
    "SELECT * FROM audit_logs WHERE resource_type = 'site_config' ORDER BY time, id",
  );
  return rows;
}

describe("reading the window", () => {
  test("answers 30 days where nothing is stored", async () => {
    const { key } = member;
    const response = await app.request("GET", PATH, { key });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ debug_retention_days: 30 });
  });

  test.each(["member", "auditor", "owner"] as const)("is open to the role %s", async (role) => {
    const { key } = await app.createUser({ role });
    expect(await app.client(key).getDebugRetentionDays()).toBe(30);
  });

  test("is refused to a key that may only record", async () => {
    const { key } = await app.createUser({ role: "owner", scope: "ingest" });
    const response = await app.request("GET", PATH, { key });
    expect(response.status).toBe(403);
    expect(await readErrorBody(response)).toMatchObject({ code: "insufficient_scope" });
  });

  test.each(["0", "1", "3650", "007", "+7"])("answers the value %j that an operator stored by SQL", async (value) => {
    await store(value);
    const { key } = member;
    expect(await app.client(key).getDebugRetentionDays()).toBe(Number(value));
  });

  test.each(CORRUPT_VALUES)(
    "fails for the corrupt stored value %j, and never falls back to the default",
    async (value) => {
      await store(value);
      const { key } = member;
      const response = await app.request("GET", PATH, { key });
      expect(response.status).toBe(500);
      expect(await readErrorBody(response)).toMatchObject({ message: READ_FAILURE, code: "setting_unreadable" });
    },
  );

  test("an answer must not be kept by a cache", async () => {
    const { key } = member;
    const response = await app.request("GET", PATH, { key });
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });
});

describe("changing the window", () => {
  test.each([0, 1, 3650])("accepts %i days with 204 and an empty body", async (days) => {
    const { key } = admin;
    const response = await app.request("PUT", PATH, { key, json: { debug_retention_days: days } });
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
    expect(await app.client(key).getDebugRetentionDays()).toBe(days);
    expect(await storedValue()).toBe(String(days));
  });

  test.each([-1, 3651, 1e9, -1e9, 2 ** 53])("refuses %d days with the sentence of the contract", async (days) => {
    const { key } = admin;
    const response = await app.request("PUT", PATH, { key, json: { debug_retention_days: days } });
    expect(response.status).toBe(400);
    expect(await readErrorBody(response)).toEqual({
      message: RANGE_SENTENCE,
      code: "validation_failed",
      validations: [{ field: "debug_retention_days", detail: RANGE_SENTENCE }],
    });
    expect(await storedValue()).toBeUndefined();
  });

  test.each([
    ["an empty object", "{}"],
    ["a string", '{"debug_retention_days":"30"}'],
    ["a fraction", '{"debug_retention_days":30.5}'],
    ["null", '{"debug_retention_days":null}'],
    ["a boolean", '{"debug_retention_days":true}'],
    ["a list", '{"debug_retention_days":[30]}'],
    ["a number beyond every number", '{"debug_retention_days":1e999}'],
    ["the field of another setting", '{"retention_days":30}'],
    ["a body that is a list", '[{"debug_retention_days":30}]'],
    ["a body that is a number", "30"],
    ["a body that is null", "null"],
  ])("refuses %s and stores nothing", async (_name, body) => {
    const { key } = admin;
    const response = await app.request("PUT", PATH, { key, body });
    expect(response.status).toBe(400);
    expect(await readErrorBody(response)).toMatchObject({ code: "validation_failed" });
    expect(await storedValue()).toBeUndefined();
  });

  test.each([
    ["no body", undefined],
    ["an empty body", ""],
    ["text that is not JSON", "debug_retention_days=30"],
    ["JSON that ends early", '{"debug_retention_days":3'],
    ["two documents", '{"debug_retention_days":30}{"debug_retention_days":30}'],
  ])("refuses %s as invalid JSON", async (_name, body) => {
    const { key } = admin;
    const response = await app.request("PUT", PATH, { key, ...(body === undefined ? {} : { body }) });
    expect(response.status).toBe(400);
    expect(await readErrorBody(response)).toMatchObject({ code: "invalid_json" });
    expect(await storedValue()).toBeUndefined();
  });

  test.each(["member", "auditor"] as const)(
    "is forbidden to the role %s, before the body is looked at",
    async (role) => {
      const { key } = await app.createUser({ role });
      for (const body of ['{"debug_retention_days":7}', '{"debug_retention_days":9999}', "{malformed"]) {
        const response = await app.request("PUT", PATH, { key, body });
        expect(response.status).toBe(403);
        expect(await readErrorBody(response)).toMatchObject({ code: "forbidden" });
      }
      expect(await storedValue()).toBeUndefined();
    },
  );

  test("is forbidden to an administrator's key that may only record, before the body is looked at", async () => {
    const { key } = await app.createUser({ role: "owner", scope: "ingest" });
    const response = await app.request("PUT", PATH, { key, body: "{malformed" });
    expect(response.status).toBe(403);
    expect(await readErrorBody(response)).toMatchObject({ code: "insufficient_scope" });
  });

  test("fails with the sentence of the contract where the database refuses", async () => {
    const { key } = admin;
    await app.pool.query("ALTER TABLE site_configs ADD CONSTRAINT frozen CHECK (value <> '777')");
    const response = await app.request("PUT", PATH, { key, json: { debug_retention_days: 777 } });
    expect(response.status).toBe(500);
    expect(await readErrorBody(response)).toMatchObject({
      message: "Failed to update chat debug retention days.",
      code: "internal",
    });
  });
});

describe("the audit of a change", () => {
  test("says who changed what, from which value to which, and when", async () => {
    const headers = { "User-Agent": "test-agent" };
    const first = await app.request("PUT", PATH, { key: admin.key, headers, json: { debug_retention_days: 7 } });
    const before = app.clock.now();
    await app.clock.advance(1000);
    await app.request("PUT", PATH, { key: admin.key, headers, json: { debug_retention_days: 0 } });

    const changed = { user_id: admin.id, action: "write", resource_target: KEY, user_agent: "test-agent" };
    expect(await auditedChanges()).toMatchObject([
      {
        ...changed,
        diff: { debug_retention_days: { old: 30, new: 7 } },
        request_id: first.headers.get("X-Request-Id"),
        time: before,
      },
      {
        ...changed,
        diff: { debug_retention_days: { old: 7, new: 0 } },
        time: app.clock.now(),
      },
    ]);
  });

  test.each([
    ["203.0.113.7", "203.0.113.7"],
    ["fe80::1%eth0", "fe80::1"],
    ["not an address", null],
  ])("keeps the address %j from which it came as %j", async (remoteAddress, ip) => {
    const { key } = admin;
    const socket = { remoteAddress, remotePort: 1, remoteFamily: "IPv6" };
    const init = { method: "PUT", headers: { "Coder-Session-Token": key }, body: '{"debug_retention_days":7}' };
    const response = await app.app.request(PATH, init, { incoming: { socket } });
    expect(response.status).toBe(204);
    expect(await auditedChanges()).toMatchObject([{ ip }]);
  });

  test("holds nothing of the value that is in force already", async () => {
    const { key } = admin;
    await app.client(key).setDebugRetentionDays(7);
    await app.client(key).setDebugRetentionDays(7);
    expect(await auditedChanges()).toHaveLength(1);
  });

  test("holds nothing of the default where nothing was stored, which stores nothing either", async () => {
    const { key } = admin;
    await app.client(key).setDebugRetentionDays(30);
    expect(await auditedChanges()).toEqual([]);
    expect(await storedValue()).toBeUndefined();
  });

  test.each(CORRUPT_VALUES)("keeps the corrupt text %j that a change repaired", async (value) => {
    await store(value);
    const { key } = admin;
    await app.client(key).setDebugRetentionDays(30);
    expect(await app.client(key).getDebugRetentionDays()).toBe(30);
    expect(await auditedChanges()).toMatchObject([{ diff: { debug_retention_days: { old: value, new: 30 } } }]);
  });

  test("holds each of two changes made at once from the value that the other left", async () => {
    const { key } = admin;
    const blocker = await app.pool.connect();
    try {
      // Both are under way before either can end.
      await blocker.query("BEGIN; LOCK TABLE audit_logs IN SHARE ROW EXCLUSIVE MODE");
      const changes = [7, 8].map((days) => app.client(key).setDebugRetentionDays(days));
      await waitForLockWaits(app.pool, changes.length);
      await blocker.query("COMMIT");
      await Promise.all(changes);
    } finally {
      blocker.release();
    }
    const days = await app.client(key).getDebugRetentionDays();
    const before = days === 7 ? 8 : 7;
    const diffs = (await auditedChanges()).map((entry) => entry["diff"]);
    expect(diffs).toContainEqual({ debug_retention_days: { old: 30, new: before } });
    expect(diffs).toContainEqual({ debug_retention_days: { old: before, new: days } });
  });
});
