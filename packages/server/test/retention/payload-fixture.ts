import { randomUUID } from "node:crypto";

import { PayloadPartitions, type PayloadPartition } from "../../src/store/payload-partitions.ts";
import { openDatabase } from "../../src/store/database.ts";
import type { PurgeFixture } from "./purge-fixture.ts";

/** A run whose payloads a test follows. */
export interface RecordedRun {
  readonly id: string;
  readonly stepId: string;
  /** What its payload says, so that a lost or mixed-up one is seen. */
  readonly body: string;
}

/** Records a run with one step through the real ingest: its payloads go by its start, its clock by its last write. */
export async function recordRun(
  fixture: PurgeFixture,
  { startedAt, updatedAt = startedAt }: { startedAt: Date; updatedAt?: Date },
): Promise<RecordedRun> {
  const run = { id: randomUUID(), stepId: randomUUID(), body: randomUUID() };
  await recordStep(fixture, run, { startedAt, updatedAt });
  return run;
}

/** Sends the run and its step, the first time or again. */
export async function recordStep(
  { store, pool, chatId }: PurgeFixture,
  run: RecordedRun,
  { startedAt, updatedAt }: { startedAt: Date; updatedAt: Date },
): Promise<void> {
  const { rows } = await pool.query<{ owner_id: string }>("SELECT owner_id FROM chats WHERE id = $1", [chatId]);
  const times = { started_at: startedAt.toISOString(), updated_at: updatedAt.toISOString() };
  const refused = await store.recordDebugBatch(
    { userId: rows[0]?.owner_id ?? "", scope: "full" },
    {
      chats: [],
      runs: [{ id: run.id, chat_id: chatId, status: "completed", ...times }],
      steps: [
        {
          id: run.stepId,
          run_id: run.id,
          chat_id: chatId,
          ...times,
          payload: { encode: () => Promise.resolve({ response: Buffer.from(`\0"${run.body}"`) }) },
        },
      ],
      rejected: [],
    },
  );
  if (refused.length > 0) throw new Error(`The run was refused: ${refused[0]?.message}`);
}

/** What the run's payload reads as; undefined where the run is gone, null where its payload is. */
export async function readBody(
  { store, pool, chatId }: PurgeFixture,
  run: RecordedRun,
): Promise<string | null | undefined> {
  const { rows } = await pool.query<{ owner_id: string }>("SELECT owner_id FROM chats WHERE id = $1", [chatId]);
  const stored = await store.readDebugRun({ chatId, runId: run.id, readerId: rows[0]?.owner_id ?? "" });
  if (stored === undefined) return undefined;
  const response = stored.steps[0]?.response;
  return response == null ? null : (JSON.parse(response.subarray(1).toString()) as string);
}

/** The partitions as the catalog knows them. */
export function partitionsOf({ pool }: PurgeFixture): Promise<PayloadPartition[]> {
  return new PayloadPartitions(openDatabase(pool), "day").list();
}

export async function payloadRows({ pool }: PurgeFixture): Promise<number> {
  const { rows } = await pool.query<{ rows: number }>("SELECT count(*) AS rows FROM chat_debug_payloads");
  return rows[0]?.rows ?? -1;
}
