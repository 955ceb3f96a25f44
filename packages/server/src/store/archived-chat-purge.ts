import { sql, type RawBuilder } from "kysely";

import type { Clock } from "../clock.ts";
import { expiringFamilies } from "./archived-chats.ts";
import { cancellableTransaction } from "./cancellable-transaction.ts";
import { markLockedChats } from "./chat-deletion.ts";
import { lockChildren } from "./chat-families.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { moment } from "./expiring-rows.ts";
import { EMPTY_BATCH, type DrainCursor, type PurgeBatchRequest, type PurgeBatchResult } from "./purge-batch.ts";
import { countBatchInLedger } from "./purge-ledger.ts";
import { deletePayloadsOfRuns, placedRun, type PlacedRun } from "./run-payloads.ts";
import { leaveTombstones } from "./tombstones.ts";

/** Families that were found to be expired, in the order of the drain. */
export interface FamilyBatchRequest extends Pick<PurgeBatchRequest, "cutoff" | "ledgerId" | "signal"> {
  readonly roots: readonly DrainCursor[];
}

export interface ArchivedChatPurgeStore {
  /**
   * Deletes families of archived chats with all that belongs to them, in one short transaction: those of these roots that
   * are still archived and past the cutoff, and that nobody is writing to. It takes no more of them, in their order, than
   * fit into a batch. A family that fits into none is marked as deleted instead: it reads as gone, and is to be emptied
   * and dropped.
   */
  purgeChatFamilies(request: FamilyBatchRequest): Promise<PurgeBatchResult>;
}

/** Rows that belong to the chats of one batch: runs, steps, messages, queued messages and links to files. */
const ROWS_A_BATCH = 1_000;

interface WeighedFamily extends DrainCursor {
  readonly members: readonly string[];
  /** Rows that belong to it; counted for each of its chats up to what fits into a batch. */
  readonly rows: number;
  readonly messageBytes: number;
}

export function archivedChatPurgeStore(database: Database, clock: Clock): ArchivedChatPurgeStore {
  return {
    purgeChatFamilies({ roots, cutoff, ledgerId, signal }) {
      if (roots.length === 0) return Promise.resolve(EMPTY_BATCH);
      return cancellableTransaction(database, signal, async (transaction) => {
        const families = await lockFamilies(transaction, roots, cutoff);
        const { fitting, large, fullAt } = chooseFamilies(families);
        const now = clock.now();
        if (large.length > 0) await markLockedChats(transaction, membersOf(large), now);
        const { deleted, bytes } = await deleteFamilies(transaction, fitting, { cutoff, now });
        if (families.length > 0) await countBatchInLedger(transaction, ledgerId, { deleted, bytes, cutoff });
        // What was passed over is behind the cursor as well: whoever holds it will be done by the next tick.
        const cursor = fullAt ?? roots.at(-1) ?? null;
        return { found: families.length, deleted, bytes, cursor, more: fullAt !== undefined };
      });
    },
  };
}

const membersOf = (families: readonly WeighedFamily[]): string[] => families.flatMap(({ members }) => members);

/** Locks those of these families that are still expired, and says how much belongs to each. */
async function lockFamilies(
  transaction: OpenTransaction,
  roots: readonly DrainCursor[],
  cutoff: Date,
): Promise<WeighedFamily[]> {
  const { rows: locked } = await sql<DrainCursor>`
    SELECT expiring.id, expiring.archived_at::text AS clock
    FROM chats AS expiring
    WHERE expiring.id = ANY (${roots.map(({ id }) => id)}::uuid[]) AND ${expiringFamilies.isExpired(moment(cutoff))}
    ORDER BY expiring.archived_at, expiring.id
    FOR UPDATE SKIP LOCKED
  `.execute(transaction);
  if (locked.length === 0) return [];
  const children = await lockChildren(
    transaction,
    locked.map(({ id }) => id),
  );
  const whole = locked.flatMap((root) => {
    const ofRoot = children.get(root.id);
    return ofRoot === undefined ? [] : [{ ...root, members: [root.id, ...ofRoot] }];
  });
  const weights = await weighChats(
    transaction,
    whole.flatMap(({ members }) => members),
  );
  return whole.map((family) => {
    const ofMembers = family.members.map((id) => weights.get(id) ?? { rows: 0, messageBytes: 0 });
    return {
      ...family,
      rows: ofMembers.reduce((sum, { rows }) => sum + rows, family.members.length),
      messageBytes: ofMembers.reduce((sum, { messageBytes }) => sum + messageBytes, 0),
    };
  });
}

interface Weight {
  readonly rows: number;
  readonly messageBytes: number;
}

/** Each kind of row is counted up to one more than fits into a batch. */
async function weighChats(transaction: OpenTransaction, ids: readonly string[]): Promise<Map<string, Weight>> {
  // Without an order the planner may think it sooner to read a table from its beginning than to look a chat up.
  const rowsIn = (table: string, order: RawBuilder<unknown>) => sql`(
    SELECT count(*)
    FROM (SELECT FROM ${sql.table(table)} WHERE chat_id = chat.id ORDER BY ${order} LIMIT ${ROWS_A_BATCH + 1}) AS counted
  )`;
  const others = [
    rowsIn("chat_debug_runs", sql`started_at DESC, id DESC`),
    rowsIn("chat_debug_steps", sql`run_id, step_number`),
    rowsIn("chat_queued_messages", sql`id`),
    sql`(SELECT count(*) FROM chat_file_links WHERE chat_id = chat.id)`,
  ];
  const { rows } = await sql<{ id: string; rows: number; message_bytes: number }>`
    SELECT chat.id, message.rows + ${sql.join(others, sql` + `)} AS rows, message.bytes AS message_bytes
    FROM unnest(${ids}::uuid[]) AS chat (id)
    CROSS JOIN LATERAL (
      SELECT count(*) AS rows, coalesce(sum(bytes), 0)::bigint AS bytes
      FROM (
        SELECT pg_column_size(content) AS bytes FROM chat_messages
        WHERE chat_id = chat.id
        ORDER BY id
        LIMIT ${ROWS_A_BATCH + 1}
      ) AS counted
    ) AS message
  `.execute(transaction);
  return new Map(rows.map(({ id, rows, message_bytes }) => [id, { rows, messageBytes: message_bytes }]));
}

/** Takes families in their order for as long as what belongs to them fits into a batch; one that fits into none is large. */
function chooseFamilies(families: readonly WeighedFamily[]): {
  fitting: WeighedFamily[];
  large: WeighedFamily[];
  /** Where the batch is full before its end: the last family that it takes. */
  fullAt: DrainCursor | undefined;
} {
  const fitting: WeighedFamily[] = [];
  const large: WeighedFamily[] = [];
  let room = ROWS_A_BATCH;
  let last: DrainCursor | undefined;
  for (const family of families) {
    if (family.rows > ROWS_A_BATCH) large.push(family);
    else if (family.rows > room) return { fitting, large, fullAt: last };
    else {
      fitting.push(family);
      room -= family.rows;
    }
    last = { id: family.id, clock: family.clock };
  }
  return { fitting, large, fullAt: undefined };
}

/** Deletes locked families in the order that ingest relies on: runs, payloads, chats. Messages and links go by cascade. */
async function deleteFamilies(
  transaction: OpenTransaction,
  families: readonly WeighedFamily[],
  { cutoff, now }: { cutoff: Date; now: Date },
): Promise<{ deleted: number; bytes: number }> {
  if (families.length === 0) return { deleted: 0, bytes: 0 };
  const members = membersOf(families);
  const { rows: runs } = await sql<PlacedRun>`
    DELETE FROM chat_debug_runs WHERE chat_id = ANY (${members}::uuid[]) RETURNING ${placedRun}
  `.execute(transaction);
  const payloadBytes = await deletePayloadsOfRuns(transaction, runs);
  const chosen = families.flatMap(({ id: rootId, members }) => members.map((id) => ({ id, rootId })));
  const { rows: gone } = await sql<{ id: string }>`
    DELETE FROM chats AS member
    USING
      unnest(${chosen.map(({ id }) => id)}::uuid[], ${chosen.map(({ rootId }) => rootId)}::uuid[]) AS chosen (id, root_id),
      chats AS expiring
    WHERE member.id = chosen.id AND expiring.id = chosen.root_id AND ${expiringFamilies.isExpired(moment(cutoff))}
    RETURNING member.id
  `.execute(transaction);
  await leaveTombstones(transaction, { kind: "chat", ids: gone.map(({ id }) => id), now });
  const messageBytes = families.reduce((sum, family) => sum + family.messageBytes, 0);
  return { deleted: gone.length, bytes: payloadBytes + messageBytes };
}
