import { randomUUID } from "node:crypto";

import type { KeyScope } from "@shelflife/api-contract";
import { RETENTION_SETTINGS } from "@shelflife/api-contract";
import { pino } from "pino";
import { afterAll, expect, test } from "vitest";

import type { Actor } from "../../src/authz/actor.ts";
import { authorizedStore } from "../../src/authz/authorized-store.ts";
import { hasCode } from "../../src/coded-error.ts";
import { createPool } from "../../src/postgres/pool.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { FakeClock } from "../fake-clock.ts";

const OWN_ID = randomUUID();
const OTHER_ID = randomUUID();

function user(role: "member" | "auditor" | "owner", scope: KeyScope): Actor {
  return { kind: "user", userId: OWN_ID, keyId: randomUUID(), role, scope };
}

const ACTORS = {
  member: user("member", "full"),
  auditor: user("auditor", "full"),
  owner: user("owner", "full"),
  "ingest key of a member": user("member", "ingest"),
  "ingest key of an owner": user("owner", "ingest"),
  anonymous: { kind: "anonymous" },
  "identity provider": { kind: "identity_provider" },
  purger: { kind: "purger" },
  finaliser: { kind: "finaliser" },
  operator: { kind: "operator" },
} as const satisfies Record<string, Actor>;

type ActorName = keyof typeof ACTORS;

/** Whom a call is about: the actor itself, or somebody else. */
interface Subject {
  readonly userId: string;
  readonly scope: KeyScope;
}

interface Expectation {
  readonly input?: (subject: Subject) => unknown[];
  /** Who may call it for oneself. */
  readonly own: readonly ActorName[];
  /** Who may call it for somebody else; the same, where it is about nobody. */
  readonly others?: readonly ActorName[];
}

const PEOPLE = ["member", "auditor", "owner"] as const;
const INGEST_KEYS = ["ingest key of a member", "ingest key of an owner"] as const;
const MANAGERS = ["owner", "operator"] as const;

const setting = RETENTION_SETTINGS["debug-retention-days"];
const ofKeys = { own: [...PEOPLE, "operator"], others: MANAGERS } as const;
const ofChats = {
  input: ({ userId }: Subject) => [{ chatId: randomUUID(), runId: randomUUID(), readerId: userId }],
  own: PEOPLE,
  others: [],
} as const;
const ofWriting = {
  input: ({ userId }: Subject) => [
    { chatId: randomUUID(), ownerId: userId, changes: {}, content: [], fileIds: [] },
    { userId: null },
  ],
  own: PEOPLE,
  others: [],
} as const;
const readingPurge: Expectation = { own: ["auditor", "owner", "purger", "operator"] };
const purging: Expectation = { own: ["purger", "operator"] };
const deleting: Expectation = { own: ["operator"] };
const atCutoff = (): unknown[] => [new Date(0), new AbortController().signal];

/**
 * The role table, method by method, written down a second time: a policy that is changed by mistake contradicts it, and a
 * method that is missing here does not compile.
 */
const EXPECTED: Record<keyof Store, Expectation> = {
  findKeyHolder: { input: () => ["slf_key"], own: ["anonymous"] },
  createApiKey: { input: ({ userId }) => [{ userId, name: "", scope: "full" }, { userId: null }], ...ofKeys },
  listApiKeys: { input: ({ userId }) => [userId], ...ofKeys },
  revokeApiKey: { input: ({ userId }) => [{ userId, keyId: randomUUID() }, { userId: null }], ...ofKeys },
  createUser: {
    input: () => [{ email: "a@example.com", role: "member", name: "" }, { userId: null }],
    own: [...MANAGERS, "identity provider"],
  },
  listUsers: { own: MANAGERS },
  findUserByEmail: { input: () => ["a@example.com"], own: MANAGERS },
  readUser: { input: ({ userId }) => [userId], ...ofKeys },
  changeUserRole: { input: ({ userId }) => [{ userId, role: "member" }, { userId: null }], own: MANAGERS },
  readPasswordHash: { input: ({ userId }) => [userId], own: PEOPLE, others: [] },
  changePassword: {
    input: ({ userId }) => [{ userId, passwordHash: "" }, { userId: null }],
    own: [...PEOPLE, "operator"],
    others: ["operator"],
  },
  isSetUpNeeded: { own: ["anonymous", "operator"] },
  issueSetUpToken: { own: ["operator"] },
  withdrawSetUpToken: { own: ["operator"] },
  completeSetUp: { own: ["anonymous"] },
  readOrKeepSecret: { input: () => ["name", "value"], own: ["operator"] },
  countAttempt: { input: () => [{ key: "", max: 1, windowMs: 1 }], own: [...PEOPLE, "anonymous"] },
  forgetExpiredSignIns: { own: ["purger", "operator"] },
  recordDebugBatch: {
    input: ({ userId, scope }) => [
      { userId, scope },
      { chats: [], runs: [], steps: [] },
    ],
    own: [...PEOPLE, ...INGEST_KEYS],
    others: [],
  },
  listDebugRuns: ofChats,
  readDebugRun: ofChats,
  readDebugRunSkeleton: ofChats,
  readDebugStep: ofChats,
  createChat: ofWriting,
  readChat: ofChats,
  findChat: ofChats,
  changeChat: ofWriting,
  listChats: ofChats,
  listForeignChats: {
    input: ({ userId }) => [{ ownerId: userId, archived: false, limit: 1 }],
    own: ["auditor", "owner"],
  },
  listMessages: ofChats,
  addMessage: ofWriting,
  editMessage: ofWriting,
  createFile: ofWriting,
  describeFile: ofChats,
  readFileContent: ofChats,
  closeStaleRuns: { own: ["finaliser"] },
  closeStaleSteps: { own: ["finaliser"] },
  endDeadChats: { own: ["finaliser"] },
  readDebugLogging: { own: ["auditor", "owner", "operator"] },
  changeDebugLogging: { input: () => [{ allowUsers: true }, { userId: null }], own: MANAGERS },
  readOwnDebugLogging: { input: ({ userId }) => [userId], own: PEOPLE, others: [] },
  changeOwnDebugLogging: {
    input: ({ userId }) => [{ userId, switchedOn: true }, { userId: null }],
    own: PEOPLE,
    others: [],
  },
  readRecordingFacts: {
    input: ({ userId, scope }) => [
      { userId, scope },
      { chatIds: [], runIds: [], ownerNames: [] },
    ],
    own: [...PEOPLE, ...INGEST_KEYS],
    others: [],
  },
  noteTraces: { input: ({ userId, scope }) => [{ userId, scope }, []], own: [...PEOPLE, ...INGEST_KEYS], others: [] },
  dropRefusedTraces: {
    input: ({ userId, scope }) => [{ userId, scope }, []],
    own: [...PEOPLE, ...INGEST_KEYS],
    others: [],
  },
  forgetOldTraces: { own: ["purger", "operator"] },
  readRetentionWindow: { input: () => [setting], own: [...PEOPLE, "purger", "operator"] },
  changeRetentionWindow: { input: () => [setting, 7, { userId: null }], own: MANAGERS },
  readPurgeWindow: { input: () => [setting, 0], ...readingPurge },
  observePurgeWindow: { input: () => [setting, 0], ...purging },
  listLedger: { input: () => [{ limit: 1 }], ...readingPurge },
  readLatestLedgerRows: { input: () => [[]], ...readingPurge },
  isPurgeRunning: { own: ["auditor", "owner", "purger", "finaliser", "operator"] },
  measureStoredBytes: { input: () => [new Date(0)], ...readingPurge },
  sumPurgedRecords: { input: () => [new Date(0)], ...readingPurge },
  auditPurgeStart: { input: () => [{ userId: null }], own: MANAGERS },
  listAuditLog: { input: () => [{ limit: 1 }], own: ["auditor", "owner", "operator"] },
  waiveGrace: { input: () => [setting, { userId: null }], own: MANAGERS },
  sampleExpiredDebugRuns: { input: atCutoff, ...readingPurge },
  sampleFreedPartitions: {
    input: () => [[{}], { cutoff: null, signal: new AbortController().signal }],
    ...readingPurge,
  },
  markChatDeleted: deleting,
  deleteChatRunBatch: purging,
  deleteChatContentBatch: purging,
  deleteDeadPayloadBatch: { input: () => [{ partitions: [] }], ...purging },
  dropDeletedChat: purging,
  countExpiredChats: { input: atCutoff, ...purging },
  sampleExpiredChats: { input: atCutoff, ...readingPurge },
  findExpiredFamilies: purging,
  purgeChatFamilies: { input: () => [{ roots: [{}] }], ...purging },
  nextExpiredChat: purging,
  measureChatLag: { input: atCutoff, ...readingPurge },
  countMarkedChats: purging,
  nextMarkedChat: { input: () => [[]], ...purging },
  startArchiveClocks: purging,
  noteLinkedFiles: purging,
  countExpiredFiles: { input: atCutoff, ...purging },
  sampleExpiredFiles: { input: atCutoff, ...readingPurge },
  purgeFileBatch: purging,
  nextExpiredFile: purging,
  measureFileLag: { input: atCutoff, ...readingPurge },
  countInactiveChats: { input: atCutoff, ...purging },
  sampleInactiveChats: { input: atCutoff, ...readingPurge },
  archiveInactiveBatch: purging,
  nextInactiveChat: purging,
  measureInactiveLag: { input: atCutoff, ...readingPurge },
  listDueDigests: purging,
  noteDelivery: purging,
  completeDigest: purging,
  postponeDigest: purging,
  giveUpDigest: purging,
  removeDeliveredDigests: purging,
  countExpiredAuditEntries: { input: atCutoff, ...purging },
  sampleExpiredAuditEntries: { input: atCutoff, ...readingPurge },
  purgeAuditBatch: purging,
  nextExpiredAuditEntry: purging,
  measureAuditLag: { input: atCutoff, ...readingPurge },
  countExpiredLedgerRows: { input: atCutoff, ...purging },
  sampleExpiredLedgerRows: { input: atCutoff, ...readingPurge },
  purgeLedgerBatch: purging,
  nextExpiredLedgerRow: purging,
  measureLedgerLag: { input: atCutoff, ...readingPurge },
  countExpiredDebugRuns: purging,
  purgeDebugRunBatch: purging,
  nextExpiredDebugRun: purging,
  measureDebugRunLag: readingPurge,
  preparePayloadPartitions: purging,
  listPayloadPartitions: readingPurge,
  partitionsWithLiveRuns: readingPurge,
  measurePayloadPartition: purging,
  keepLivePayloads: purging,
  sweepDeadPayloads: purging,
  detachPayloadPartition: purging,
  dropPayloadPartition: purging,
  lastPurgedCutoff: purging,
  measurePayloadBytes: purging,
  readLastSuccesses: readingPurge,
  openLedgerRow: purging,
  closeLedgerRow: purging,
  abortRunningLedgerRows: purging,
  readDatabaseTime: purging,
};

// Nothing listens there: a call that reaches for the database fails with another code than one that is forbidden.
const pool = createPool({
  url: "postgres://nobody@127.0.0.1:1/nothing",
  applicationName: "test",
  log: pino({ level: "silent" }),
});
let connections = 0;
const connect = pool.connect.bind(pool);
pool.connect = ((...input: Parameters<typeof connect>) => {
  connections += 1;
  return connect(...input);
}) as typeof pool.connect;
const database = openDatabase(pool);
const store = createStore({ database, directDatabase: database, clock: new FakeClock() });

afterAll(() => pool.end());

/** Whether an actor is let through to the store; what the store then does is not looked at. */
async function isAllowed(actor: Actor, method: keyof Store, input: unknown[]): Promise<boolean> {
  const before = connections;
  try {
    await (authorizedStore(store, actor)[method] as (...input: unknown[]) => Promise<unknown>)(...input);
    return true;
  } catch (error) {
    if (!hasCode(error, "forbidden")) return true;
    expect(connections).toBe(before);
    return false;
  }
}

const METHODS = Object.keys(store) as (keyof Store)[];

test("every method of the store is in the table", () => {
  expect(Object.keys(EXPECTED).toSorted()).toEqual(METHODS.toSorted());
});

test.each(METHODS)("%s is open to exactly those whom the table names", async (method) => {
  const { input = () => [{}], own, others = own } = EXPECTED[method];
  const allowed = { own: new Set<string>(), others: new Set<string>() };
  for (const [name, actor] of Object.entries(ACTORS)) {
    const scope = actor.kind === "user" ? actor.scope : "full";
    if (await isAllowed(actor, method, input({ userId: OWN_ID, scope }))) allowed.own.add(name);
    if (await isAllowed(actor, method, input({ userId: OTHER_ID, scope }))) allowed.others.add(name);
  }
  expect(allowed).toEqual({ own: new Set(own), others: new Set(others) });
});

test("a key that may only record cannot claim to be a full one, nor the other way round", async () => {
  const batch = { chats: [], runs: [], steps: [] };
  for (const [scope, claimed] of [
    ["ingest", "full"],
    ["full", "ingest"],
  ] as const) {
    expect(await isAllowed(user("owner", scope), "recordDebugBatch", [{ userId: OWN_ID, scope: claimed }, batch])).toBe(
      false,
    );
  }
});

test("an identity provider brings in members only, and nobody with a password", async () => {
  const member = { email: "a@example.com", role: "member", name: "" } as const;
  const create = (user: object): Promise<boolean> =>
    isAllowed(ACTORS["identity provider"], "createUser", [user, { userId: null }]);
  expect(await create(member)).toBe(true);
  expect(await create({ ...member, role: "auditor" })).toBe(false);
  expect(await create({ ...member, role: "owner" })).toBe(false);
  expect(await create({ ...member, passwordHash: "salt:key" })).toBe(false);
});

test("a refusal names the actor and the method, and no data", async () => {
  const call = authorizedStore(store, ACTORS.member).findUserByEmail("secret@example.com");
  await expect(call).rejects.toMatchObject({
    code: "forbidden",
    message: "The member with a key of the scope full may not call findUserByEmail.",
  });
});
