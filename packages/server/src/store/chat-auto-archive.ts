import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { writeAuditEntries } from "./audit.ts";
import { cancellableTransaction } from "./cancellable-transaction.ts";
import { lockChildren } from "./chat-families.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { addToDigests } from "./digest-outbox.ts";
import { lockExpiredRows, moment } from "./expiring-rows.ts";
import { isReallyInactive, newestActivity, seeminglyInactive } from "./inactive-chats.ts";
import { EMPTY_BATCH, type PurgeBatchRequest, type PurgeBatchResult } from "./purge-batch.ts";
import { countBatchInLedger } from "./purge-ledger.ts";

export interface ChatAutoArchiveStore {
  /**
   * Archives one batch of inactive families, those that have been inactive for the longest first, in one short
   * transaction with an audit entry for each root and the digests of their owners. Children follow their root, whatever
   * their own status. A root of which it turns out that its family is active is told so, and stays.
   */
  archiveInactiveBatch(request: PurgeBatchRequest): Promise<PurgeBatchResult>;
}

interface ArchivedRoot {
  readonly id: string;
  readonly owner_id: string;
  readonly last_activity: Date;
}

/** How the audit names it, since no person did it. */
const ORIGIN = { userId: null, subsystem: "chat_auto_archive" };

export function chatAutoArchiveStore(database: Database, clock: Clock): ChatAutoArchiveStore {
  return {
    archiveInactiveBatch({ ledgerId, signal, ...range }) {
      return cancellableTransaction(database, signal, async (transaction) => {
        const locked = await lockExpiredRows(transaction, seeminglyInactive, range);
        const cursor = locked.at(-1);
        if (cursor === undefined) return EMPTY_BATCH;
        const ids = locked.map(({ id }) => id);
        const families = await lockChildren(transaction, ids);
        const now = clock.now();
        const roots = await archiveRoots(transaction, [...families.keys()], { cutoff: range.cutoff, now });
        const children = await archiveChildren(transaction, roots, now);
        await tellActivity(
          transaction,
          ids.filter((id) => !roots.some((root) => root.id === id)),
        );
        await auditArchived(transaction, roots, now);
        await addToDigests(transaction, { ledgerId, roots, now });
        const deleted = roots.length + children;
        await countBatchInLedger(transaction, ledgerId, { deleted, bytes: 0, cutoff: range.cutoff });
        return { found: locked.length, deleted, bytes: 0, cursor, more: locked.length === range.limit };
      });
    },
  };
}

/** Asks the whole predicate again, with what the messages and runs of each family say, now that nobody can add one. */
async function archiveRoots(
  transaction: OpenTransaction,
  ids: readonly string[],
  { cutoff, now }: { cutoff: Date; now: Date },
): Promise<readonly ArchivedRoot[]> {
  const { rows } = await sql<ArchivedRoot>`
    UPDATE chats AS expiring
    SET archived = true, archived_at = ${now}, updated_at = greatest(expiring.updated_at, ${now}), pin_order = 0
    WHERE expiring.id = ANY (${ids}::uuid[])
      AND ${seeminglyInactive.isExpired(moment(cutoff))}
      AND ${isReallyInactive(moment(cutoff))}
    RETURNING
      expiring.id,
      expiring.owner_id,
      greatest(${seeminglyInactive.clock}, ${newestActivity}) AS last_activity
  `.execute(transaction);
  return rows;
}

async function archiveChildren(
  transaction: OpenTransaction,
  roots: readonly ArchivedRoot[],
  now: Date,
): Promise<number> {
  const result = await sql`
    UPDATE chats
    SET archived = true, archived_at = ${now}, updated_at = greatest(updated_at, ${now}), pin_order = 0
    WHERE root_chat_id = ANY (${roots.map(({ id }) => id)}::uuid[]) AND NOT archived
  `.execute(transaction);
  return Number(result.numAffectedRows ?? 0n);
}

/** Keeps the newest activity of these families on their roots, so that they are not looked at again before it is time. */
async function tellActivity(transaction: OpenTransaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await sql`
    UPDATE chats AS expiring
    SET last_activity_at = ${newestActivity}
    WHERE expiring.id = ANY (${ids}::uuid[]) AND ${newestActivity} > coalesce(expiring.last_activity_at, '-infinity')
  `.execute(transaction);
}

/** The title is left out: the audit is read by others. */
async function auditArchived(transaction: OpenTransaction, roots: readonly ArchivedRoot[], now: Date): Promise<void> {
  await writeAuditEntries(
    transaction,
    ORIGIN,
    roots.map(({ id }) => ({
      time: now,
      resourceType: "chat",
      resourceId: id,
      resourceTarget: "",
      action: "write",
      diff: { archived: { old: false, new: true } },
    })),
  );
}
