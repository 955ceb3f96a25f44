import { beforeEach, describe, expect, it } from "vitest";

import { startMailServer } from "../notify/loopback-mail.ts";
import { startWebhook } from "../notify/loopback-webhook.ts";
import { createTestDatabase, type TestDatabase } from "../postgres/test-database.ts";
import { runCommand } from "./server-process.ts";

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query(
    `WITH owner AS (INSERT INTO users (email) VALUES ('ana@example.com') RETURNING id)
     INSERT INTO chats (owner_id, organization_id, title, created_at, archived, archived_at)
     SELECT owner.id, organizations.id, chat.title, '2001-01-01', chat.archived_at IS NOT NULL, chat.archived_at
     FROM owner, organizations, (VALUES ('Archived', '2001-01-02'::timestamptz), ('Forgotten', NULL)) AS chat (title, archived_at)`,
  );
  await database.pool.query(
    `INSERT INTO chat_files (owner_id, organization_id, mimetype, data, created_at)
     SELECT users.id, organizations.id, 'text/plain', 'a', '2001-01-01' FROM users, organizations`,
  );
  await database.pool.query("INSERT INTO site_configs (key, value) VALUES ('agents_chat_auto_archive_days', '90')");
});

const run = (args: readonly string[], environment: Record<string, string> = {}) =>
  runCommand(args, { SHELFLIFE_DATABASE_URL: database.url, ...environment });

interface PurgeReport {
  readonly outcome: string;
  readonly policies: readonly { readonly name: string; readonly deleted: number; readonly error?: { code: string } }[];
}

describe("the purge command", () => {
  it("says what it would do, policy by policy, and does nothing", async () => {
    const { status, stdout } = await run(["purge", "--dry-run"]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^archived-chats: would delete 1 chats, cutoff \d{4}-/m);
    expect(stdout).toMatch(/^chat-files: would delete 1 chat_files, cutoff /m);
    expect(stdout).toMatch(/^inactive-chats: would archive 1 chats_auto_archived, cutoff /m);
    const { rows } = await database.pool.query(
      "SELECT count(*) FILTER (WHERE archived) AS archived, count(*) AS chats FROM chats",
    );
    expect(rows).toEqual([{ archived: 1, chats: 2 }]);
  });

  it("deletes, archives, and tells owners by the transports that the environment names", async () => {
    const [hook, mail] = [await startWebhook(), await startMailServer()];
    const { status, stdout } = await run(["purge"], {
      SHELFLIFE_DIGEST_WEBHOOK_URL: hook.url,
      SHELFLIFE_DIGEST_WEBHOOK_SECRET: "correct horse battery",
      SHELFLIFE_SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      SHELFLIFE_SMTP_FROM: "Shelflife <shelflife@example.com>",
    });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^archived-chats: deleted 1, left 0 chats, /m);
    expect(stdout).toMatch(/^inactive-chats: archived 1, left 0 chats_auto_archived, /m);
    expect(stdout).toMatch(/^purge-ledger: deleted 0, left 0 purge_ledger, /m);
    expect(hook.posts.map(({ body }) => JSON.parse(body) as unknown)).toMatchObject([
      { data: { items: [{ title: "Forgotten" }], further: 0, auto_archive_days: 90, retention_days: 30 } },
    ]);
    expect(mail.mails).toMatchObject([{ to: ["ana@example.com"] }]);
    const { rows } = await database.pool.query("SELECT title, archived FROM chats");
    expect(rows).toEqual([{ title: "Forgotten", archived: true }]);
  });

  it("fails where a digest cannot be delivered, keeps what it did, and succeeds once there is nothing to try", async () => {
    const hook = await startWebhook();
    await hook.close();
    const environment = {
      SHELFLIFE_DIGEST_WEBHOOK_URL: hook.url,
      SHELFLIFE_DIGEST_WEBHOOK_SECRET: "correct horse battery",
    };
    const failed = await run(["purge", "--json"], environment);
    expect(failed.status).toBe(1);
    const report = JSON.parse(failed.stdout) as PurgeReport;
    expect(report.policies.filter(({ error }) => error !== undefined)).toMatchObject([
      { name: "inactive-chats", deleted: 1, error: { code: "delivery_failed" } },
    ]);
    expect(failed.stderr).not.toMatch(/Forgotten|ana@example|correct horse/);
    // The next attempt is five minutes away.
    const next = await run(["purge", "--json"], environment);
    expect(next.status).toBe(0);
    expect((await database.pool.query("SELECT FROM digest_outbox WHERE delivered_at IS NULL")).rowCount).toBe(1);
  });

  it("says so where auto-archive is off, and where chats are kept for ever", async () => {
    await database.pool.query("DELETE FROM site_configs");
    await run(["settings", "set", "retention-days", "0"]);
    const { stdout } = await run(["purge"]);
    expect(stdout).toMatch(/^archived-chats: kept for ever$/m);
    expect(stdout).toMatch(/^inactive-chats: off$/m);
  });
});

it.each([
  [{ SHELFLIFE_DIGEST_WEBHOOK_URL: "https://hooks.example.com" }, "SHELFLIFE_DIGEST_WEBHOOK_SECRET must be set where"],
  [{ SHELFLIFE_SMTP_FROM: "shelflife@example.com" }, "SHELFLIFE_SMTP_URL must be set where"],
])("a transport that is set up by half stops the command with one sentence", async (environment, sentence) => {
  const { status, stderr } = await run(["purge"], environment);
  expect(status).toBe(1);
  expect(stderr).toContain(sentence);
});
