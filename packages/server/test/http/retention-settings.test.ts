import { RETENTION_SETTINGS, type RetentionSettingName } from "@shelflife/api-contract";
import { beforeAll, describe, expect, test } from "vitest";

import { CHATS, createTestApp, readErrorBody, type TestApp } from "../test-app.ts";

/** Written down a second time, since clients and people's eyes depend on them to the letter. */
const SETTINGS: [RetentionSettingName, { field: string; key: string; default: number; range: string; name: string }][] =
  [
    [
      "retention-days",
      {
        field: "retention_days",
        key: "agents_chat_retention_days",
        default: 30,
        range: "Retention days must be between 0 and 3650.",
        name: "chat retention days",
      },
    ],
    [
      "debug-retention-days",
      {
        field: "debug_retention_days",
        key: "agents_chat_debug_retention_days",
        default: 30,
        range: "Chat debug retention days must be between 0 and 3650.",
        name: "chat debug retention days",
      },
    ],
    [
      "auto-archive-days",
      {
        field: "auto_archive_days",
        key: "agents_chat_auto_archive_days",
        default: 0,
        range: "Auto-archive days must be between 0 and 3650.",
        name: "chat auto-archive days",
      },
    ],
    [
      "audit-retention-days",
      {
        field: "audit_retention_days",
        key: "audit_log_retention_days",
        default: 365,
        range: "Audit log retention days must be between 0 and 3650.",
        name: "audit log retention days",
      },
    ],
    [
      "ledger-retention-days",
      {
        field: "ledger_retention_days",
        key: "purge_ledger_retention_days",
        default: 400,
        range: "Purge ledger retention days must be between 0 and 3650.",
        name: "purge ledger retention days",
      },
    ],
  ];

let app: TestApp;
let key: string;

beforeAll(async () => {
  app = await createTestApp();
  ({ key } = await app.createUser({ role: "owner" }));
});

test("every setting is written down here", () => {
  expect(SETTINGS.map(([name]) => name).toSorted()).toEqual(Object.keys(RETENTION_SETTINGS).toSorted());
});

describe.each(SETTINGS)("%s", (name, expected) => {
  const path = `${CHATS}/config/${name}`;

  test("answers its default, then what was set, and keeps it under its key", async () => {
    expect(await (await app.request("GET", path, { key })).json()).toEqual({ [expected.field]: expected.default });
    for (const days of [1, 3650, 0]) {
      const response = await app.request("PUT", path, { key, json: { [expected.field]: days } });
      expect(response.status).toBe(204);
      expect(await (await app.request("GET", path, { key })).json()).toEqual({ [expected.field]: days });
      const { rows } = await app.pool.query("SELECT value FROM site_configs WHERE key = $1", [expected.key]);
      expect(rows).toEqual([{ value: String(days) }]);
    }
  });

  test.each([-1, 3651])("refuses %i days with its own sentence", async (days) => {
    const response = await app.request("PUT", path, { key, json: { [expected.field]: days } });
    expect(response.status).toBe(400);
    expect(await readErrorBody(response)).toMatchObject({
      message: expected.range,
      validations: [{ field: expected.field, detail: expected.range }],
    });
  });

  test.each([["{}"], ['{"days":1}'], [`{"${expected.field}":1.5}`], [`{"${expected.field}":"1"}`]])(
    "refuses %s and names its field",
    async (body) => {
      const response = await app.request("PUT", path, { key, body });
      expect(response.status).toBe(400);
      expect((await readErrorBody(response)).validations).toMatchObject([{ field: expected.field }]);
    },
  );

  test("says that it cannot be read where its value is corrupt, and no other setting does", async () => {
    await app.pool.query(
      "INSERT INTO site_configs (key, value) VALUES ($1, 'x') ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      [expected.key],
    );
    for (const [other, { name: called }] of SETTINGS) {
      const response = await app.request("GET", `${CHATS}/config/${other}`, { key });
      expect(response.status).toBe(other === name ? 500 : 200);
      if (other === name) expect((await readErrorBody(response)).message).toBe(`Failed to get ${called}.`);
      else await response.body?.cancel();
    }
    await app.pool.query("ALTER TABLE site_configs ADD CONSTRAINT frozen CHECK (value = 'x') NOT VALID");
    const refused = await app.request("PUT", path, { key, json: { [expected.field]: 5 } });
    await app.pool.query("ALTER TABLE site_configs DROP CONSTRAINT frozen");
    expect(refused.status).toBe(500);
    expect((await readErrorBody(refused)).message).toBe(`Failed to update ${expected.name}.`);
    // A change repairs it.
    expect((await app.request("PUT", path, { key, json: { [expected.field]: 5 } })).status).toBe(204);
  });
});
