import { randomUUID } from "node:crypto";

import { RETENTION_SETTINGS, type RetentionSettingName } from "@shelflife/api-contract";

import { authorizedStore } from "../../../src/authz/authorized-store.ts";
import { RETENTION_POLICIES } from "../../../src/retention/policies/policy-list.ts";
import { runPurgeTick, type PurgeTickDependencies, type TickReport } from "../../../src/retention/purge-tick.ts";
import type { PolicyReport } from "../../../src/retention/run-policy.ts";
import type { Store } from "../../../src/store/store.ts";
import { daysBefore, PACE, type PurgeFixture, type Purger } from "../purge-fixture.ts";

/** A moment as a Date, or as SQL text with its microseconds. */
export type Moment = Date | string;

/** A chat as a test stores it by SQL; what is left out is as the schema has it, but for a creation long ago. */
export interface TestChat {
  readonly id?: string;
  readonly ownerId?: string;
  readonly rootId?: string;
  readonly title?: string;
  readonly status?: string;
  readonly archivedAt?: Moment;
  readonly lastActivityAt?: Moment;
  readonly purgingAt?: Moment;
  readonly pinOrder?: number;
  readonly createdAt?: Moment;
}

/** Long before anything that a test calls old. */
const LONG_AGO = daysBefore(5_000);

export function setWindow(
  { pool }: PurgeFixture,
  name: RetentionSettingName,
  value: number | string,
): Promise<unknown> {
  return pool.query(
    "INSERT INTO site_configs (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    [RETENTION_SETTINGS[name].key, String(value)],
  );
}

export async function insertOwner({ pool }: PurgeFixture, email: string): Promise<string> {
  const { rows } = await pool.query<{ id: string }>("INSERT INTO users (email) VALUES ($1) RETURNING id", [email]);
  return rows[0]?.id ?? "";
}

/** Stores a chat of the fixture's person, unless another one is named; answers its id. */
export async function insertChat({ pool, chatId }: PurgeFixture, chat: TestChat = {}): Promise<string> {
  const id = chat.id ?? randomUUID();
  await pool.query(
    `INSERT INTO chats (
       id, owner_id, organization_id, parent_chat_id, root_chat_id, title, status, archived, archived_at,
       last_activity_at, purging_at, pin_order, created_at, updated_at
     )
     SELECT
       $2, coalesce($3, owner_id), organization_id, $4, $4, $5, $6, $7::timestamptz IS NOT NULL, $7, $8, $9, $10, $11, $11
     FROM chats WHERE id = $1`,
    [
      chatId,
      id,
      chat.ownerId ?? null,
      chat.rootId ?? null,
      chat.title ?? "A chat",
      chat.status ?? "waiting",
      chat.archivedAt ?? null,
      chat.lastActivityAt ?? null,
      chat.purgingAt ?? null,
      chat.pinOrder ?? 0,
      chat.createdAt ?? LONG_AGO,
    ],
  );
  return id;
}

export async function insertMessages(
  { pool }: PurgeFixture,
  chatId: string,
  { count = 1, createdAt = LONG_AGO, deleted = false }: { count?: number; createdAt?: Moment; deleted?: boolean } = {},
): Promise<void> {
  await pool.query(
    `INSERT INTO chat_messages (chat_id, role, content, created_at, deleted)
     SELECT $1, 'user', '[{"type": "text", "text": "How long is this kept?"}]', $2, $3 FROM generate_series(1, $4)`,
    [chatId, createdAt, deleted, count],
  );
}

/** Stores a file of the fixture's person; answers its id. */
export async function insertFile({ pool, chatId }: PurgeFixture, createdAt: Moment): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO chat_files (owner_id, organization_id, mimetype, data, created_at)
     SELECT owner_id, organization_id, 'text/plain', 'kept', $2 FROM chats WHERE id = $1 RETURNING id`,
    [chatId, createdAt],
  );
  return rows[0]?.id ?? "";
}

export function linkFile({ pool }: PurgeFixture, chatId: string, fileId: string): Promise<unknown> {
  return pool.query("INSERT INTO chat_file_links (chat_id, file_id) VALUES ($1, $2)", [chatId, fileId]);
}

/** The ids that a table still holds. */
export async function remaining({ pool }: PurgeFixture, table: string): Promise<Set<string>> {
  const { rows } = await pool.query<{ id: string }>(`SELECT id FROM ${table}`);
  return new Set(rows.map(({ id }) => id));
}

export async function countOf({ pool }: PurgeFixture, table: string, where = "true"): Promise<number> {
  const { rows } = await pool.query<{ rows: number }>(`SELECT count(*) AS rows FROM ${table} WHERE ${where}`);
  return rows[0]?.rows ?? -1;
}

/** What one policy did in a tick that ran all of them, or those that are named. */
export interface LifeCycleTick {
  readonly report: TickReport;
  readonly purger: Purger;
  of(policy: string): PolicyReport;
}

/** Runs a tick of every policy. The store may be one that a test has put something in front of. */
export async function tick(
  fixture: PurgeFixture,
  { store, signal, ...changes }: Partial<PurgeTickDependencies> & { store?: Store; signal?: AbortSignal } = {},
): Promise<LifeCycleTick> {
  const purger = fixture.createPurger({
    policies: RETENTION_POLICIES,
    ...changes,
    ...(store === undefined ? {} : { store: authorizedStore(store, { kind: "purger" }) }),
  });
  const report = await runPurgeTick(purger.dependencies, signal ?? new AbortController().signal);
  return {
    report,
    purger,
    of(name) {
      const found = report.policies.find(({ policy }) => policy === name);
      if (found === undefined) throw new Error(`There is no report of ${name}: ${JSON.stringify(report)}`);
      return found;
    },
  };
}

/** A pace with batches of at most so many records. */
export const inBatchesOf = (batchSize: number): { pace: typeof PACE } => ({ pace: { ...PACE, batchSize } });
