import { CodedError } from "../coded-error.ts";
import type { IngestCaller } from "../store/ingest-batch.ts";
import type { Store } from "../store/store.ts";
import type { NewUser } from "../store/users.ts";
import type { Actor } from "./actor.ts";
import { may, type Permission } from "./permissions.ts";

/** Decides whether an actor may call a method of the store with these arguments. It never queries. */
type Policy<Arguments extends unknown[]> = (actor: Actor, ...input: Arguments) => boolean;

type Policies = { readonly [Method in keyof Store]: Policy<Parameters<Store[Method]>> };

const needs =
  (permission: Permission) =>
  (actor: Actor): boolean =>
    may(actor, permission);

function isSelf(actor: Actor, userId: string): boolean {
  return actor.kind === "user" && actor.userId === userId && may(actor, "own_keys:manage");
}

/** Oneself, or somebody who manages all people. */
function isSelfOrManager(actor: Actor, userId: string): boolean {
  return may(actor, "users:manage") || isSelf(actor, userId);
}

/** An identity provider brings in members only, and never with a password. */
function mayCreate(actor: Actor, user: NewUser): boolean {
  if (may(actor, "users:manage")) return true;
  return may(actor, "members:admit") && user.role === "member" && user.passwordHash === undefined;
}

/** Reading happens on one's own behalf only: the store then answers nothing of another person's. */
function readsForSelf(actor: Actor, reading: { readerId: string }): boolean {
  return actor.kind === "user" && reading.readerId === actor.userId && may(actor, "own_chats:use");
}

/** So does writing, and what is made belongs to whoever makes it. */
function writesForSelf(actor: Actor, writing: { ownerId: string }): boolean {
  return actor.kind === "user" && writing.ownerId === actor.userId && may(actor, "own_chats:use");
}

/** Recording happens with the scope of the key that is used, whoever's chats it is for. */
function recordsAsSelf(actor: Actor, caller: IngestCaller): boolean {
  return (
    actor.kind === "user" && caller.userId === actor.userId && caller.scope === actor.scope && may(actor, "ingest")
  );
}

/** What is marked as deleted may be emptied by whoever marks it, and by the purge, which finishes what was interrupted. */
function deletesMarked(actor: Actor): boolean {
  return may(actor, "chats:delete") || may(actor, "purge:run");
}

/** One policy for every method: a method without one does not compile. */
const POLICIES = {
  findKeyHolder: needs("identify"),
  createApiKey: (actor, { userId }) => isSelfOrManager(actor, userId),
  listApiKeys: (actor, userId) => isSelfOrManager(actor, userId),
  revokeApiKey: (actor, { userId }) => isSelfOrManager(actor, userId),
  createUser: mayCreate,
  listUsers: needs("users:manage"),
  findUserByEmail: needs("users:manage"),
  readUser: isSelfOrManager,
  changeUserRole: needs("users:manage"),
  readPasswordHash: isSelf,
  // Not administrators: with another's password they would read what that person has recorded.
  changePassword: (actor, { userId }) => isSelf(actor, userId) || may(actor, "passwords:set"),
  isSetUpNeeded: (actor) => may(actor, "set_up") || may(actor, "deployment:start"),
  issueSetUpToken: needs("deployment:start"),
  withdrawSetUpToken: needs("deployment:start"),
  completeSetUp: needs("set_up"),
  readOrKeepSecret: needs("deployment:start"),
  countAttempt: needs("attempts:count"),
  forgetExpiredSignIns: needs("purge:run"),
  recordDebugBatch: recordsAsSelf,
  readRecordingFacts: recordsAsSelf,
  noteTraces: recordsAsSelf,
  dropRefusedTraces: recordsAsSelf,
  forgetOldTraces: needs("purge:run"),
  closeStaleRuns: needs("stale:close"),
  closeStaleSteps: needs("stale:close"),
  endDeadChats: needs("stale:close"),
  listDebugRuns: readsForSelf,
  readDebugRun: readsForSelf,
  readDebugRunSkeleton: readsForSelf,
  readDebugStep: readsForSelf,
  createChat: writesForSelf,
  readChat: readsForSelf,
  findChat: readsForSelf,
  changeChat: writesForSelf,
  listChats: readsForSelf,
  listForeignChats: needs("others_chats:list"),
  listMessages: readsForSelf,
  addMessage: writesForSelf,
  editMessage: writesForSelf,
  createFile: writesForSelf,
  describeFile: readsForSelf,
  readFileContent: readsForSelf,
  readDebugLogging: needs("deployment_config:read"),
  changeDebugLogging: needs("deployment_config:update"),
  readOwnDebugLogging: (actor, userId) => readsForSelf(actor, { readerId: userId }),
  changeOwnDebugLogging: (actor, { userId }) => writesForSelf(actor, { ownerId: userId }),
  readRetentionWindow: needs("retention_windows:read"),
  changeRetentionWindow: needs("deployment_config:update"),
  readPurgeWindow: needs("purge:read"),
  observePurgeWindow: needs("purge:run"),
  listLedger: needs("purge:read"),
  readLatestLedgerRows: needs("purge:read"),
  isPurgeRunning: (actor) => may(actor, "purge:read") || may(actor, "stale:close"),
  measureStoredBytes: needs("purge:read"),
  sumPurgedRecords: needs("purge:read"),
  auditPurgeStart: needs("purge:start"),
  listAuditLog: needs("audit:read"),
  waiveGrace: needs("deployment_config:update"),
  sampleExpiredDebugRuns: needs("purge:read"),
  sampleFreedPartitions: needs("purge:read"),
  markChatDeleted: needs("chats:delete"),
  deleteChatRunBatch: deletesMarked,
  deleteChatContentBatch: deletesMarked,
  deleteDeadPayloadBatch: deletesMarked,
  dropDeletedChat: deletesMarked,
  startArchiveClocks: needs("purge:run"),
  countExpiredChats: needs("purge:run"),
  sampleExpiredChats: needs("purge:read"),
  findExpiredFamilies: needs("purge:run"),
  purgeChatFamilies: needs("purge:run"),
  nextExpiredChat: needs("purge:run"),
  measureChatLag: needs("purge:read"),
  countMarkedChats: needs("purge:run"),
  nextMarkedChat: needs("purge:run"),
  noteLinkedFiles: needs("purge:run"),
  countExpiredFiles: needs("purge:run"),
  sampleExpiredFiles: needs("purge:read"),
  purgeFileBatch: needs("purge:run"),
  nextExpiredFile: needs("purge:run"),
  measureFileLag: needs("purge:read"),
  countInactiveChats: needs("purge:run"),
  sampleInactiveChats: needs("purge:read"),
  archiveInactiveBatch: needs("purge:run"),
  nextInactiveChat: needs("purge:run"),
  measureInactiveLag: needs("purge:read"),
  listDueDigests: needs("purge:run"),
  noteDelivery: needs("purge:run"),
  completeDigest: needs("purge:run"),
  postponeDigest: needs("purge:run"),
  giveUpDigest: needs("purge:run"),
  removeDeliveredDigests: needs("purge:run"),
  countExpiredAuditEntries: needs("purge:run"),
  sampleExpiredAuditEntries: needs("purge:read"),
  purgeAuditBatch: needs("purge:run"),
  nextExpiredAuditEntry: needs("purge:run"),
  measureAuditLag: needs("purge:read"),
  countExpiredLedgerRows: needs("purge:run"),
  sampleExpiredLedgerRows: needs("purge:read"),
  purgeLedgerBatch: needs("purge:run"),
  nextExpiredLedgerRow: needs("purge:run"),
  measureLedgerLag: needs("purge:read"),
  countExpiredDebugRuns: needs("purge:run"),
  purgeDebugRunBatch: needs("purge:run"),
  nextExpiredDebugRun: needs("purge:run"),
  measureDebugRunLag: needs("purge:read"),
  preparePayloadPartitions: needs("purge:run"),
  listPayloadPartitions: (actor) => may(actor, "purge:read") || may(actor, "chats:delete"),
  partitionsWithLiveRuns: needs("purge:read"),
  measurePayloadPartition: needs("purge:run"),
  keepLivePayloads: needs("purge:run"),
  sweepDeadPayloads: needs("purge:run"),
  detachPayloadPartition: needs("purge:run"),
  dropPayloadPartition: needs("purge:run"),
  lastPurgedCutoff: needs("purge:run"),
  measurePayloadBytes: needs("purge:run"),
  readLastSuccesses: needs("purge:read"),
  openLedgerRow: needs("purge:run"),
  closeLedgerRow: needs("purge:run"),
  abortRunningLedgerRows: needs("purge:run"),
  readDatabaseTime: needs("purge:run"),
} satisfies Policies;

/**
 * The store as one actor may use it. A call that the actor may not make rejects with the code `forbidden` and reaches no
 * database.
 */
export function authorizedStore(store: Store, actor: Actor): Store {
  const guarded = Object.entries(store).map(([name, method]) => {
    const policy: Policy<never[]> = POLICIES[name as keyof Store];
    const call = async (...input: never[]): Promise<unknown> => {
      if (!policy(actor, ...input))
        throw new CodedError("forbidden", `The ${describeActor(actor)} may not call ${name}.`);
      return (method as (...input: never[]) => unknown)(...input);
    };
    return [name, call];
  });
  return Object.fromEntries(guarded) as Store;
}

function describeActor(actor: Actor): string {
  if (actor.kind !== "user") return actor.kind;
  const credential = actor.sessionId === undefined ? `a key of the scope ${actor.scope}` : "a session";
  return `${actor.role} with ${credential}`;
}
