import { beforeAll, beforeEach, describe, expect, test } from "vitest";

import { ALLOW_USERS_KEY, OWN_SWITCH_KEY, USER_DEFAULT_KEY } from "../../src/store/debug-logging.ts";
import { CHATS, createTestApp, readErrorBody, type TestApp, type TestUser } from "../test-app.ts";

const GATE = `${CHATS}/config/debug-logging`;
const OWN = `${CHATS}/config/user-debug-logging`;
const CORRUPT = ["", "yes", "TRUE", "1", "null", " true"];

let app: TestApp;
/** The same database, served by a deployment that records every chat. */
let forced: TestApp;
let admin: TestUser;
let member: TestUser;

beforeAll(async () => {
  app = await createTestApp({ recordingForced: false });
  forced = await createTestApp({ recordingForced: true, testDatabase: app.testDatabase, clock: app.clock });
  admin = await app.createUser({ role: "owner" });
  member = await app.createUser();
});

beforeEach(async () => {
  await app.pool.query("DELETE FROM site_configs; DELETE FROM user_configs; DELETE FROM audit_logs");
});

async function storeSite(key: string, value: string): Promise<void> {
  await app.pool.query(
    "INSERT INTO site_configs (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    [key, value],
  );
}

async function storeOwn({ id }: TestUser, value: string): Promise<void> {
  await app.pool.query("INSERT INTO user_configs (user_id, key, value) VALUES ($1, $2, $3)", [
    id,
    OWN_SWITCH_KEY,
    value,
  ]);
}

async function audited(): Promise<Record<string, unknown>[]> {
  const { rows } = await app.pool.query<Record<string, unknown>>("SELECT * FROM audit_logs ORDER BY time, id");
  return rows;
}

async function get(path: string, { key }: TestUser, of = app): Promise<unknown> {
  const response = await of.request("GET", path, { key });
  expect(response.status).toBe(200);
  return response.json();
}

describe("the administrator's switch", () => {
  test("is off until it is turned on, and says whether the deployment records every chat anyway", async () => {
    expect(await get(GATE, admin)).toEqual({ allow_users: false, forced_by_deployment: false });
    await app.client(admin.key).retention.setDebugLogging(true);
    expect(await get(GATE, admin)).toEqual({ allow_users: true, forced_by_deployment: false });
    expect(await get(GATE, admin, forced)).toEqual({ allow_users: true, forced_by_deployment: true });
  });

  test("is read by auditors, and does not exist for members", async () => {
    const auditor = await app.createUser({ role: "auditor" });
    expect(await get(GATE, auditor)).toEqual({ allow_users: false, forced_by_deployment: false });
    const response = await app.request("GET", GATE, { key: member.key });
    expect(response.status).toBe(404);
    expect(await readErrorBody(response)).toMatchObject({ code: "not_found" });
  });

  test.each(["member", "auditor"] as const)("is changed by no %s, before the body is looked at", async (role) => {
    const { key } = await app.createUser({ role });
    for (const body of ['{"allow_users":true}', "{malformed"]) {
      const response = await app.request("PUT", GATE, { key, body });
      expect(response.status).toBe(403);
      expect(await readErrorBody(response)).toMatchObject({ code: "forbidden" });
    }
    expect(await get(GATE, admin)).toEqual({ allow_users: false, forced_by_deployment: false });
  });

  test("is audited with who changed it, from what to what; the value in force is not", async () => {
    const { retention } = app.client(admin.key);
    await retention.setDebugLogging(false);
    expect(await audited()).toEqual([]);
    await retention.setDebugLogging(true);
    await retention.setDebugLogging(true);
    await app.clock.advance(1000);
    await retention.setDebugLogging(false);
    expect(await audited()).toMatchObject([
      {
        user_id: admin.id,
        resource_type: "site_config",
        resource_target: ALLOW_USERS_KEY,
        action: "write",
        diff: { allow_users: { old: false, new: true } },
      },
      { diff: { allow_users: { old: true, new: false } } },
    ]);
  });

  test.each(CORRUPT)("cannot be read where %j is stored, and setting it repairs it", async (value) => {
    await storeSite(ALLOW_USERS_KEY, value);
    const response = await app.request("GET", GATE, { key: admin.key });
    expect(response.status).toBe(500);
    expect(await readErrorBody(response)).toMatchObject({
      message: "Failed to get chat debug logging.",
      code: "setting_unreadable",
    });
    await app.client(admin.key).retention.setDebugLogging(false);
    expect(await get(GATE, admin)).toEqual({ allow_users: false, forced_by_deployment: false });
    expect(await audited()).toMatchObject([{ diff: { allow_users: { old: value, new: false } } }]);
  });
});

describe("one's own switch", () => {
  test("counts only where an administrator allows it, and is off until it is turned on", async () => {
    const off = { debug_logging_enabled: false, user_toggle_allowed: false, forced_by_deployment: false };
    expect(await get(OWN, member)).toEqual(off);
    await storeOwn(member, "true");
    expect(await get(OWN, member)).toEqual(off);

    await app.client(admin.key).retention.setDebugLogging(true);
    expect(await get(OWN, member)).toEqual({ ...off, user_toggle_allowed: true, debug_logging_enabled: true });
    expect(await get(OWN, admin)).toEqual({ ...off, user_toggle_allowed: true });
    await app.client(member.key).retention.setUserDebugLogging(false);
    expect(await get(OWN, member)).toEqual({ ...off, user_toggle_allowed: true });
  });

  test("stands where set-up has put it, until a person chooses", async () => {
    await storeSite(ALLOW_USERS_KEY, "true");
    await storeSite(USER_DEFAULT_KEY, "true");
    expect(await get(OWN, member)).toMatchObject({ debug_logging_enabled: true, user_toggle_allowed: true });
    await app.client(member.key).retention.setUserDebugLogging(false);
    expect(await get(OWN, member)).toMatchObject({ debug_logging_enabled: false });
    expect(await get(OWN, admin)).toMatchObject({ debug_logging_enabled: true });
  });

  test("is on for everybody and nobody's to change where the deployment forces it", async () => {
    expect(await get(OWN, member, forced)).toEqual({
      debug_logging_enabled: true,
      user_toggle_allowed: false,
      forced_by_deployment: true,
    });
    // Though nobody is allowed either, and the body is malformed.
    const response = await forced.request("PUT", OWN, { key: member.key, body: "{malformed" });
    expect(response.status).toBe(409);
    expect(await readErrorBody(response)).toMatchObject({ code: "logging_forced" });
  });

  test("is refused before the body is looked at where no administrator allows it", async () => {
    const response = await app.request("PUT", OWN, { key: admin.key, body: "{malformed" });
    expect(response.status).toBe(403);
    expect(await readErrorBody(response)).toMatchObject({ code: "logging_not_allowed" });
    expect((await app.pool.query("SELECT FROM user_configs")).rowCount).toBe(0);
  });

  test("is audited as its person's, and the value in force is not", async () => {
    await storeSite(ALLOW_USERS_KEY, "true");
    const { retention } = app.client(member.key);
    await retention.setUserDebugLogging(false);
    expect(await audited()).toEqual([]);
    await retention.setUserDebugLogging(true);
    await retention.setUserDebugLogging(true);
    expect(await audited()).toMatchObject([
      {
        user_id: member.id,
        resource_type: "user_config",
        resource_id: member.id,
        resource_target: OWN_SWITCH_KEY,
        diff: { debug_logging_enabled: { old: false, new: true } },
      },
    ]);
  });

  test.each(CORRUPT)("cannot be read where %j is stored, and setting it repairs it", async (value) => {
    await storeSite(ALLOW_USERS_KEY, "true");
    await storeOwn(member, value);
    const response = await app.request("GET", OWN, { key: member.key });
    expect(response.status).toBe(500);
    expect(await readErrorBody(response)).toMatchObject({
      message: "Failed to get user chat debug logging.",
      code: "setting_unreadable",
    });
    await app.client(member.key).retention.setUserDebugLogging(true);
    expect(await get(OWN, member)).toMatchObject({ debug_logging_enabled: true });
    expect(await audited()).toMatchObject([{ diff: { debug_logging_enabled: { old: value, new: true } } }]);
  });

  test("cannot be read where the administrator's cannot", async () => {
    await storeSite(ALLOW_USERS_KEY, "maybe");
    for (const method of ["GET", "PUT"]) {
      const response = await app.request(method, OWN, {
        key: member.key,
        ...(method === "PUT" ? { json: { debug_logging_enabled: true } } : {}),
      });
      expect(response.status).toBe(500);
      expect(await readErrorBody(response)).toMatchObject({ message: "Failed to get user chat debug logging." });
    }
  });
});

describe.each([
  [GATE, "allow_users"],
  [OWN, "debug_logging_enabled"],
])("PUT %s", (path, field) => {
  test.each([
    ["no field", {}],
    ["a text", { [field]: "true" }],
    ["a number", { [field]: 1 }],
    ["null", { [field]: null }],
    ["a further field", { [field]: true, days: 3 }],
    ["a list", [{ [field]: true }]],
    ["no object", true],
  ])("refuses %s, and stores nothing", async (_name, json) => {
    await storeSite(ALLOW_USERS_KEY, "true");
    const response = await app.request("PUT", path, { key: admin.key, json });
    expect(response.status).toBe(400);
    expect(await readErrorBody(response)).toMatchObject({ code: "validation_failed" });
    expect(await audited()).toEqual([]);
  });

  test("names the field that is wrong", async () => {
    await storeSite(ALLOW_USERS_KEY, "true");
    const response = await app.request("PUT", path, { key: admin.key, json: { [field]: "on" } });
    expect((await readErrorBody(response)).validations).toMatchObject([{ field }]);
  });
});
