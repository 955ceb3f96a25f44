import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";

import { RETENTION_SETTINGS } from "@shelflife/api-contract";
import { beforeAll, expect, test } from "vitest";

import { createStore, type Store } from "../../src/store/store.ts";
import { chatItem, completeRun } from "../debug-batches.ts";
import { createTestDatabase } from "../postgres/test-database.ts";
import { createTestApp, type TestApp, type TestUser } from "../test-app.ts";
import { StatementLog } from "./statement-log.ts";

/**
 * Every statement that the store sends, as it reaches PostgreSQL, so that a change of SQL shows in review as a change of
 * SQL. `npm run generate` writes the files anew.
 */
const FOLDER = new URL("./__snapshots__/", import.meta.url);

const NOBODY = { userId: null };
const MS_PER_DAY = 86_400_000;

const log = new StatementLog();
let methods: (keyof Store)[];

/** Calls every method, in an order that leaves something to do for each. */
beforeAll(async () => {
  const testDatabase = await createTestDatabase();
  log.listen(testDatabase.pool);
  const app = await createTestApp({ testDatabase, around: (store) => log.attribute(store) });
  const { store, clock } = app;
  methods = Object.keys(store) as (keyof Store)[];
  const { signal } = new AbortController();
  const setting = RETENTION_SETTINGS["debug-retention-days"];

  const service = await app.createUser({ scope: "ingest" });
  const owner = await app.createUser();
  await callSignInMethods(app, owner);
  await store.listUsers();
  await store.findUserByEmail(owner.email);
  await store.listApiKeys(owner.id);
  await store.observePurgeWindow(setting, 0);
  await store.changeRetentionWindow(setting, 7, NOBODY);
  await store.readRetentionWindow(setting);
  await store.observePurgeWindow(setting, 0);
  await store.readPurgeWindow(setting, 0);
  await store.changeRetentionWindow(setting, 6, NOBODY);
  await store.waiveGrace(setting, NOBODY);

  const root = chatItem({ owner: owner.email, title: "A family" });
  const child = chatItem({ parent_chat_id: root.id });
  const { run, step, batch } = completeRun({ chat_id: child.id });
  await app.client(service.key).recordDebugBatch({ chats: [root, child], ...batch });
  await store.revokeApiKey({ userId: service.id, keyId: service.keyId }, NOBODY);

  const reading = { chatId: child.id, runId: run.id, stepId: step.id, readerId: owner.id };
  await store.listDebugRuns(reading);
  await store.readDebugRun(reading);
  await store.readDebugRunSkeleton(reading);
  await store.readDebugStep(reading);

  const now = clock.now();
  const tomorrow = new Date(now.getTime() + MS_PER_DAY);
  const row = { tickId: randomUUID(), policy: "debug-runs", recordType: "chat_debug_runs", replica: "test" };
  const ledgerId = await store.openLedgerRow(row);
  await store.preparePayloadPartitions(now);
  const partitions = await store.listPayloadPartitions();
  const [partition] = partitions.filter(({ from, to }) => from <= now && now < to);
  if (partition === undefined) throw new Error("There is no partition for the moment that the test stands at.");
  await store.partitionsWithLiveRuns(partitions);
  await store.sampleFreedPartitions(partitions, { cutoff: now, signal });
  await store.measurePayloadPartition(partition, signal);
  await store.keepLivePayloads({ partition, limit: 10, ledgerId, signal });
  await store.sweepDeadPayloads({ partition, limit: 10, ledgerId, signal });
  await store.detachPayloadPartition(partition);
  await store.dropPayloadPartition({ partition, ledgerId, signal });
  await store.measurePayloadBytes();

  await store.measureDebugRunLag(tomorrow);
  await store.countExpiredDebugRuns(tomorrow, signal);
  await store.sampleExpiredDebugRuns(tomorrow, signal);
  await store.nextExpiredDebugRun({ cutoff: tomorrow, after: null });
  await store.purgeDebugRunBatch({ cutoff: tomorrow, limit: 10, after: null, ledgerId, signal });
  const closing = { windowDays: 7, cutoff: now, expired: 1, remaining: 0, durationMs: 1, error: null };
  await store.closeLedgerRow(ledgerId, { outcome: "success", ...closing });
  await store.abortRunningLedgerRows();
  await store.readLastSuccesses([row.policy]);
  await store.lastPurgedCutoff();
  await store.readDatabaseTime();

  const { batch: another } = completeRun({ chat_id: root.id });
  await app.client(owner.key).recordDebugBatch(another);
  const [left] = await store.listPayloadPartitions();
  await store.markChatDeleted(root.id, NOBODY);
  await store.deleteChatRunBatch({ chatId: root.id, limit: 10, signal });
  await store.deleteChatPayloadBatch({ chatId: root.id, limit: 10, signal, partition: left?.name ?? "" });
  await store.dropDeletedChat(root.id);
});

/** The methods for people, passwords and set-up. */
async function callSignInMethods({ store, clock }: TestApp, { id: userId }: TestUser): Promise<void> {
  await store.readUser(userId);
  await store.changeUserRole({ userId, role: "auditor" }, NOBODY);
  await store.changePassword({ userId, passwordHash: "salt:key" }, NOBODY);
  await store.changePassword({ userId, passwordHash: "salt:key", keptSessionId: randomUUID() }, NOBODY);
  await store.readPasswordHash(userId);
  await store.readOrKeepSecret("secret", "x".repeat(32));
  await store.countAttempt({ key: "sign-in|192.0.2.1", max: 1, windowMs: 1 });
  await store.forgetExpiredSignIns();
  await store.isSetUpNeeded();

  // Set-up needs a deployment in which nobody has an account.
  const nobodyYet = await createTestDatabase();
  log.listen(nobodyYet.pool);
  const empty = await createTestApp({ testDatabase: nobodyYet, clock, around: (store) => log.attribute(store) });
  const [used, withdrawn] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const expiresAt = new Date(clock.now().getTime() + MS_PER_DAY);
  for (const tokenHash of [used, withdrawn]) await empty.store.issueSetUpToken({ tokenHash, expiresAt });
  await empty.store.withdrawSetUpToken(withdrawn);
  const person = { email: "first@example.com", name: "", passwordHash: "salt:key" };
  await empty.store.completeSetUp({ ...person, tokenHash: used, debugLogging: "everyone" }, NOBODY);
}

/** The methods are known before the tests run, since a store can be made over nothing. */
const METHODS = Object.keys(createStore({} as Parameters<typeof createStore>[0])) as (keyof Store)[];

test.each(METHODS)("the statements of %s are those of its snapshot", async (method) => {
  const statements = log.statementsOf(method);
  expect(statements, "the method is not called above, or sends nothing").not.toBe("");
  await expect(statements).toMatchFileSnapshot(new URL(`${method}.sql`, FOLDER).pathname);
});

test("no snapshot is left of a method that is gone", () => {
  const files = readdirSync(FOLDER).map((file) => file.replace(/\.sql$/, ""));
  expect(files.filter((name) => !methods.includes(name as keyof Store))).toEqual([]);
});
