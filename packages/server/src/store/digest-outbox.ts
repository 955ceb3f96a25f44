import { sql } from "kysely";

import { newId, type Database, type OpenTransaction } from "./database.ts";
import { jsonText } from "./json-text.ts";

/** A digest as it waits: ids and times only, so that no title outlives its chat here. */
interface StoredDigest {
  /** How many roots were archived. */
  readonly archived: number;
  /** Those of them with the newest activity. */
  readonly items: readonly { readonly chat_id: string; readonly last_activity: string }[];
}

/** A digest that is due, with what its chats are called by now. */
export interface DueDigest {
  readonly id: string;
  readonly ownerId: string;
  readonly ownerEmail: string;
  readonly createdAt: Date;
  readonly archived: number;
  /** The newest activity first; without the chats that are gone. */
  readonly items: readonly { readonly title: string; readonly lastActivity: Date }[];
  /** How often its delivery has failed. */
  readonly attempts: number;
  /** The transports that have delivered it. */
  readonly deliveredBy: readonly string[];
}

export interface DigestOutboxStore {
  /** Digests whose next attempt is due, the one that has been due for the longest first. */
  listDueDigests(request: { now: Date; limit: number }): Promise<DueDigest[]>;
  /** Remembers that a transport has delivered a digest, so that another one's failure does not deliver it twice. */
  noteDelivery(id: string, transport: string): Promise<void>;
  /** Remembers that every transport has delivered a digest. */
  completeDigest(id: string, now: Date): Promise<void>;
  /** Remembers that a delivery has failed, and when to try again. */
  postponeDigest(id: string, nextAttemptAt: Date): Promise<void>;
  /** Takes a digest away that will not be delivered any more. */
  giveUpDigest(id: string): Promise<void>;
  /** Takes digests away that were delivered before a moment, at most so many; answers how many there were. */
  removeDeliveredDigests(request: { before: Date; limit: number }): Promise<number>;
}

/** How many chats a digest names. */
const DIGEST_ITEMS = 25;

export function digestOutboxStore(database: Database): DigestOutboxStore {
  return {
    async listDueDigests({ now, limit }) {
      const { rows } = await sql<DueDigest & { items: { title: string; lastActivity: string }[] }>`
        SELECT
          digest.id,
          digest.owner_id AS "ownerId",
          owner.email AS "ownerEmail",
          digest.created_at AS "createdAt",
          (digest.payload ->> 'archived')::integer AS archived,
          coalesce(named.items, '[]') AS items,
          digest.attempts,
          digest.delivered_by AS "deliveredBy"
        FROM digest_outbox AS digest
        JOIN users AS owner ON owner.id = digest.owner_id
        CROSS JOIN LATERAL (
          SELECT jsonb_agg(
            jsonb_build_object('title', chat.title, 'lastActivity', item.last_activity)
            ORDER BY item.position
          ) AS items
          FROM ROWS FROM (
            jsonb_to_recordset(digest.payload -> 'items') AS (chat_id uuid, last_activity text)
          ) WITH ORDINALITY AS item (chat_id, last_activity, position)
          JOIN chats AS chat ON chat.id = item.chat_id AND chat.purging_at IS NULL
        ) AS named
        WHERE digest.delivered_at IS NULL AND digest.next_attempt_at <= ${now}
        ORDER BY digest.next_attempt_at, digest.id
        LIMIT ${limit}
      `.execute(database);
      return rows.map((row) => ({
        ...row,
        items: row.items.map(({ title, lastActivity }) => ({ title, lastActivity: new Date(lastActivity) })),
      }));
    },

    async noteDelivery(id, transport) {
      await sql`
        UPDATE digest_outbox SET delivered_by = array_append(delivered_by, ${transport}) WHERE id = ${id}
      `.execute(database);
    },

    async completeDigest(id, now) {
      await sql`UPDATE digest_outbox SET delivered_at = ${now} WHERE id = ${id}`.execute(database);
    },

    async postponeDigest(id, nextAttemptAt) {
      await sql`
        UPDATE digest_outbox SET attempts = attempts + 1, next_attempt_at = ${nextAttemptAt} WHERE id = ${id}
      `.execute(database);
    },

    async giveUpDigest(id) {
      await sql`DELETE FROM digest_outbox WHERE id = ${id}`.execute(database);
    },

    async removeDeliveredDigests({ before, limit }) {
      const result = await sql`
        DELETE FROM digest_outbox
        WHERE id = ANY (ARRAY(
          SELECT id FROM digest_outbox WHERE delivered_at < ${before} ORDER BY delivered_at LIMIT ${limit}
        ))
      `.execute(database);
      return Number(result.numAffectedRows ?? 0n);
    },
  };
}

interface DigestedRoot {
  readonly id: string;
  readonly owner_id: string;
  readonly last_activity: Date;
}

/** Adds roots that are being archived to the digests of their owners, of which there is one for each owner and iteration. */
export async function addToDigests(
  transaction: OpenTransaction,
  { ledgerId, roots, now }: { ledgerId: string; roots: readonly DigestedRoot[]; now: Date },
): Promise<void> {
  if (roots.length === 0) return;
  const byOwner = Map.groupBy(roots, (root) => root.owner_id);
  const { rows: begun } = await sql<{ owner_id: string; payload: StoredDigest }>`
    SELECT owner_id, payload FROM digest_outbox
    WHERE ledger_id = ${ledgerId} AND owner_id = ANY (${[...byOwner.keys()]}::uuid[])
    FOR UPDATE
  `.execute(transaction);
  const before = new Map(begun.map((row) => [row.owner_id, row.payload]));
  const digests = [...byOwner].map(([ownerId, ofOwner]) => ({
    id: newId(),
    owner_id: ownerId,
    payload: extendDigest(before.get(ownerId), ofOwner),
  }));
  await sql`
    INSERT INTO digest_outbox (id, ledger_id, owner_id, payload, created_at, next_attempt_at)
    SELECT id, ${ledgerId}::uuid, owner_id, payload, ${now}, ${now}
    FROM jsonb_to_recordset(${jsonText(digests)}::jsonb) AS digest (id uuid, owner_id uuid, payload jsonb)
    ON CONFLICT (ledger_id, owner_id) DO UPDATE SET payload = excluded.payload
  `.execute(transaction);
}

function extendDigest(before: StoredDigest | undefined, roots: readonly DigestedRoot[]): StoredDigest {
  const added = roots.map(({ id, last_activity }) => ({ chat_id: id, last_activity: last_activity.toISOString() }));
  const items = [...(before?.items ?? []), ...added]
    .toSorted((a, b) => (a.last_activity < b.last_activity ? 1 : -1))
    .slice(0, DIGEST_ITEMS);
  return { archived: (before?.archived ?? 0) + roots.length, items };
}
