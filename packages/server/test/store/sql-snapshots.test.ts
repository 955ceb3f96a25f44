import { randomUUID } from "node:crypto";
import { readdirSync } from "node:fs";

import { RETENTION_SETTINGS } from "@shelflife/api-contract";
import { beforeAll, expect, test } from "vitest";

import { createStore, type Store } from "../../src/store/store.ts";
import { chatItem, completeRun, runItem, stepItem } from "../debug-batches.ts";
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
  await recordTrace(app, service.key, { "user.email": "nobody@example.com" });
  await recordTrace(app, service.key, { "session.id": randomUUID() });
  await store.dropRefusedTraces({ userId: service.id, scope: "ingest" }, [{ traceId: TRACE_ID, ownChatId: root.id }]);
  await store.forgetOldTraces();
  await store.revokeApiKey({ userId: service.id, keyId: service.keyId }, NOBODY);

  const reading = { chatId: child.id, runId: run.id, stepId: step.id, readerId: owner.id };
  await store.listDebugRuns(reading);
  await store.readDebugRun(reading);
  await store.readDebugRunSkeleton(reading);
  await store.readDebugStep(reading);

  await callChatMethods(app, owner);
  await callAdministrationMethods(app, owner);

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
  await callRetentionMethods(app, { owner, ledgerId, signal });
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
  const dead = { chatIds: [root.id], partitions: [left?.name ?? ""] };
  await store.deleteDeadPayloadBatch({ ...dead, limit: 10, signal });
  await store.deleteChatContentBatch({ chatId: root.id, limit: 10, signal });
  await store.dropDeletedChat({ chatId: root.id });
});

/** The methods of the policies besides those for debug data, and of digests. */
async function callRetentionMethods(
  { store, clock, database }: TestApp,
  { owner, ledgerId, signal }: { owner: TestUser; ledgerId: string; signal: AbortSignal },
): Promise<void> {
  const cutoff = new Date(clock.now().getTime() + MS_PER_DAY);
  const batch = { cutoff, limit: 10, after: null, ledgerId, signal };
  await store.createFile({ ownerId: owner.id, name: "", mediaType: "text/plain", content: Buffer.from("a") });
  const linked = await store.createFile({
    ownerId: owner.id,
    name: "",
    mediaType: "text/plain",
    content: Buffer.from("b"),
  });
  const inactive = await store.createChat({ ownerId: owner.id });
  const { run } = completeRun({ chat_id: (await store.createChat({ ownerId: owner.id }))?.id ?? "" });
  const times = { started_at: clock.now().toISOString(), updated_at: clock.now().toISOString() };
  const runs = { chats: [], runs: [{ ...run, ...times }], steps: [] };
  await store.recordDebugBatch({ userId: owner.id, scope: "full" }, runs);
  await database
    .insertInto("chat_file_links")
    .values({ chat_id: inactive?.id ?? "", file_id: linked })
    .execute();

  await store.startArchiveClocks(10);
  await store.noteLinkedFiles({ cutoff, limit: 10, signal });
  await store.countExpiredFiles(cutoff, signal);
  await store.sampleExpiredFiles(cutoff, signal);
  await store.nextExpiredFile({ cutoff, after: null });
  await store.measureFileLag(cutoff);
  await store.purgeFileBatch(batch);

  await store.countInactiveChats(cutoff, signal);
  await store.sampleInactiveChats(cutoff, signal);
  await store.nextInactiveChat({ cutoff, after: null });
  await store.measureInactiveLag(cutoff);
  await store.archiveInactiveBatch(batch);
  const [digest] = await store.listDueDigests({ now: cutoff, limit: 10 });
  if (digest === undefined) throw new Error("Nothing was archived.");
  await store.noteDelivery(digest.id, "log");
  await store.postponeDigest(digest.id, cutoff);
  await store.completeDigest(digest.id, clock.now());
  await store.removeDeliveredDigests({ before: cutoff, limit: 10 });
  await store.giveUpDigest(digest.id);

  await store.countExpiredChats(cutoff, signal);
  await store.sampleExpiredChats(cutoff, signal);
  await store.nextExpiredChat({ cutoff, after: null });
  await store.measureChatLag(cutoff);
  const roots = await store.findExpiredFamilies(batch);
  // Of the two families one is too large for a batch.
  const message = { chat_id: roots[0]?.id ?? "", role: "user", content: "[]", created_by: null } as const;
  await database
    .insertInto("chat_messages")
    .values(Array.from({ length: 1_001 }, () => message))
    .execute();
  await store.purgeChatFamilies({ ...batch, roots });
  await store.countMarkedChats();
  await store.nextMarkedChat([]);

  await store.countExpiredAuditEntries(cutoff, signal);
  await store.sampleExpiredAuditEntries(cutoff, signal);
  await store.nextExpiredAuditEntry({ cutoff, after: null });
  await store.measureAuditLag(cutoff);
  await store.purgeAuditBatch(batch);

  for (const started_at of [new Date(0), new Date(1)]) {
    const row = { policy: "debug-runs", record_type: "chat_debug_runs", outcome: "failure" } as const;
    const rest = { window_days: null, cutoff: null, finished_at: null, duration_ms: null, error: null };
    await database
      .insertInto("purge_ledger")
      .values({ id: randomUUID(), tick_id: randomUUID(), started_at, ...row, ...rest })
      .execute();
  }
  await store.countExpiredLedgerRows(cutoff, signal);
  await store.sampleExpiredLedgerRows(cutoff, signal);
  await store.nextExpiredLedgerRow({ cutoff, after: null });
  await store.measureLedgerLag(cutoff);
  await store.purgeLedgerBatch(batch);
}

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

/** The methods for chats, messages and files, in each of the forms that their statements take. */
async function callChatMethods({ store, client }: TestApp, { id: ownerId, key }: TestUser): Promise<void> {
  const root = await store.createChat({ ownerId });
  const child = await store.createChat({ ownerId, parentChatId: root?.id });
  const reading = { chatId: root?.id ?? "", readerId: ownerId };
  const writing = { chatId: root?.id ?? "", ownerId };
  const page = { readerId: ownerId, archived: false, limit: 10 };
  await store.listChats({ ...page, title: "x", labels: { a: "b" }, afterId: reading.chatId });
  const changes = { title: "New", labels: { a: "b" }, archived: true };
  await store.changeChat({ ...writing, changes }, NOBODY);
  await store.changeChat({ ...writing, changes: { archived: false, pin_order: 1 } }, NOBODY);
  await store.listChats({ ...page, afterId: reading.chatId });
  await store.listForeignChats({ ownerId, archived: false, limit: 10, afterId: child?.id });
  await store.findChat(reading);

  const fileId = await store.createFile({ ownerId, name: "", mediaType: "text/plain", content: Buffer.from("x") });
  await store.describeFile({ fileId, readerId: ownerId });
  await store.readFileContent({ fileId, readerId: ownerId });
  const content = { content: [{ type: "file", file_id: fileId }], fileIds: [fileId] };
  const added = await store.addMessage({ ...writing, ...content, role: "user" });
  const messageId = added?.message.id ?? 0;
  for (const status of ["running", "waiting"] as const) {
    await client(key).recordDebugBatch({ chats: [{ id: writing.chatId, status }] });
    await store.addMessage({ ...writing, ...content, role: "user" });
  }
  const { batch } = completeRun({ chat_id: writing.chatId, trigger_message_id: messageId });
  await client(key).recordDebugBatch(batch);
  await store.listMessages({ ...reading, limit: 10 });
  await store.listMessages({ ...reading, limit: 10, afterId: messageId });
  await store.listMessages({ ...reading, limit: 10, afterId: messageId, beforeId: messageId + 10 });
  await store.editMessage({ ...writing, ...content, messageId });
  await store.readChat(reading);
}

const TRACE_ID = "0123456789abcdef0123456789abcdef";

/** A model call and a tool of one trace, by OTLP. */
async function recordTrace(app: TestApp, key: string, attributes: Record<string, string>): Promise<void> {
  const span = (spanId: string, operation: string) => ({
    traceId: TRACE_ID,
    spanId,
    attributes: Object.entries({ "gen_ai.operation.name": operation, ...attributes }).map(([name, value]) => ({
      key: name,
      value: { stringValue: value },
    })),
  });
  // The tool comes before the call that it ran for.
  for (const sent of [span("0000000000000001", "execute_tool"), span("0000000000000002", "chat")]) {
    const json = { resourceSpans: [{ scopeSpans: [{ spans: [sent] }] }] };
    const headers = { "Content-Type": "application/json" };
    expect((await app.request("POST", "/v1/traces", { key, headers, json })).status).toBe(200);
  }
}

async function callAdministrationMethods({ store, clock, client }: TestApp, owner: TestUser): Promise<void> {
  await store.changeDebugLogging({ allowUsers: true }, NOBODY);
  await store.readDebugLogging();
  await store.changeOwnDebugLogging({ userId: owner.id, switchedOn: true }, NOBODY);
  await store.readOwnDebugLogging(owner.id);
  const question = { chatIds: [randomUUID()], runIds: [randomUUID()], ownerNames: [owner.email] };
  await store.readRecordingFacts({ userId: owner.id, scope: "full" }, question);

  const before = { time: "2026-03-01 12:00:00+00", id: randomUUID() };
  await store.listLedger({ limit: 1 });
  for (const outcome of ["running", "aborted", "failure"] as const) {
    await store.listLedger({ policy: "debug-runs", outcome, limit: 1, before });
  }
  await store.readLatestLedgerRows(["debug-runs"]);
  await store.isPurgeRunning();
  await store.measureStoredBytes(clock.now());
  await store.sumPurgedRecords(clock.now());
  await store.auditPurgeStart(NOBODY);
  await store.listAuditLog({ limit: 1 });
  await store.listAuditLog({ resourceType: "chat", limit: 1, before });

  const old = { status: "in_progress", updated_at: "2020-01-01T00:00:00Z" } as const;
  const left = runItem(old);
  await client(owner.key).recordDebugBatch({
    chats: [chatItem({ status: "running", updated_at: old.updated_at })],
    runs: [left],
    steps: [stepItem(left, old)],
  });
  const stale = {
    touchedBefore: clock.now(),
    touchedSince: new Date(0),
    limit: 10,
    signal: new AbortController().signal,
  };
  await store.closeStaleRuns(stale);
  const ended = runItem({ ...old, status: "completed" });
  await client(owner.key).recordDebugBatch({ runs: [ended], steps: [stepItem(ended, old)] });
  await store.closeStaleSteps(stale);
  await store.endDeadChats(stale);
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
