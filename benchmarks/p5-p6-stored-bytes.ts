import type { DebugBatch } from "@shelflife/api-contract";

import type { BenchmarkCluster } from "./cluster.ts";
import { diskBytes, payloadDiskBytes, payloadTables, readValue, valueBytes, type Pool } from "./database.ts";
import { multiplyRuns, multiplyStepsInReference } from "./multiply-runs.ts";
import { storeReferenceSamples, takeIn } from "./payload-data.ts";
import { createPerson } from "./person.ts";
import { openProduction } from "./production.ts";
import { recordAgentRun, recordProviderResponses } from "./recorded-batches.ts";
import { copyRunsToReference, createReference, REFERENCE_PAYLOADS } from "./reference.ts";
import { formatNumber, judge, type Finding } from "./report.ts";
import type { RunKey } from "./sample-runs.ts";

/** So many steps are stored for the look at the disk, so that half-empty pages do not count. */
const STEPS_ON_DISK = 3_000;

const AGENT_STEPS = 20;

/** What the same steps take, on average, on both sides. */
interface StoredBytes {
  readonly steps: number;
  readonly jsonBytes: number;
  readonly values: { readonly ours: number; readonly reference: number };
  readonly disk: { readonly ours: number; readonly reference: number };
}

/** P5: steps as the recorder sends them for every recorded provider response. */
export async function measureProviderResponses(cluster: BenchmarkCluster): Promise<Finding> {
  const stored = await storeOnBothSides(cluster, await recordProviderResponses());
  return finding(stored, {
    target: "P5",
    what: `stored bytes a step, ${stored.steps} replayed provider responses`,
    limit: 0.5,
  });
}

/** P6: an agent's run of twenty steps, recorded over its tool calls; its steps come in one by one, as they do in practice. */
export async function measureAgentRun(cluster: BenchmarkCluster): Promise<Finding> {
  const stored = await storeOnBothSides(cluster, await recordAgentRun(AGENT_STEPS, { together: false }));
  return finding(stored, {
    target: "P6",
    what: `stored bytes a step of an agent's run of ${AGENT_STEPS} steps`,
    limit: 0.1,
  });
}

async function storeOnBothSides(cluster: BenchmarkCluster, batches: readonly DebugBatch[]): Promise<StoredBytes> {
  await using database = await cluster.createDatabase();
  const { pool } = database;
  await using production = await openProduction(database.url);
  const person = await createPerson(production);
  for (const batch of batches) await takeIn(production, person, batch);
  const runs = runsOf(batches);
  await createReference(pool);
  const { jsonBytes, steps } = await storeReferenceSamples(pool, production, person, runs);
  const copies = Math.ceil(STEPS_ON_DISK / steps) * runs.length;
  const moment = await readValue<Date>(pool, "SELECT min(started_at) AS value FROM chat_debug_runs");
  const span = { from: moment, to: moment };
  await multiplyRuns(pool, {
    samples: runs,
    chatIds: runs.map(({ chatId }) => chatId),
    timeline: { now: moment, expired: span, live: span },
    count: copies,
  });
  await copyRunsToReference(pool);
  await multiplyStepsInReference(pool, runs);
  return { steps, jsonBytes: jsonBytes / steps, values: await averageValues(pool), disk: await averageDisk(pool) };
}

function runsOf(batches: readonly DebugBatch[]): RunKey[] {
  const runs = batches.flatMap((batch) => batch.runs ?? []).map(({ id, chat_id }) => ({ id, chatId: chat_id }));
  return [...new Map(runs.map((run) => [run.id, run])).values()];
}

/** The compressed values alone. */
async function averageValues(pool: Pool): Promise<StoredBytes["values"]> {
  const steps = await readValue<number>(pool, "SELECT count(*) AS value FROM chat_debug_steps");
  const totals: number[] = [];
  for (const table of await payloadTables(pool)) {
    totals.push(
      await readValue(pool, `SELECT sum(${await valueBytes(pool, table)})::float8 AS value FROM ${table} AS payload`),
    );
  }
  const reference = "reference.chat_debug_steps";
  const bytes = await valueBytes(pool, reference, REFERENCE_PAYLOADS);
  return {
    ours: totals.reduce((total, bytesOfTable) => total + bytesOfTable, 0) / steps,
    reference:
      (await readValue<number>(pool, `SELECT sum(${bytes})::float8 AS value FROM ${reference} AS payload`)) / steps,
  };
}

/** Everything that a step takes: its row, its payloads, their pages, indexes and TOAST. */
async function averageDisk(pool: Pool): Promise<StoredBytes["disk"]> {
  await pool.query("VACUUM (ANALYZE)");
  const steps = await readValue<number>(pool, "SELECT count(*) AS value FROM chat_debug_steps");
  return {
    ours: ((await diskBytes(pool, ["chat_debug_steps"])) + (await payloadDiskBytes(pool))) / steps,
    reference: (await diskBytes(pool, ["reference.chat_debug_steps"])) / steps,
  };
}

function finding(
  stored: StoredBytes,
  { target, what, limit }: { target: string; what: string; limit: number },
): Finding {
  const ratio = stored.values.ours / stored.values.reference;
  const { verdict, remark } = judge(ratio, { atMost: limit });
  return {
    target,
    what,
    limit: `at most ${limit}x`,
    reference: `${formatNumber(stored.values.reference)} bytes`,
    ours: `${formatNumber(stored.values.ours)} bytes`,
    ratio: formatNumber(ratio),
    verdict,
    remarks: [
      ...remark,
      `the compressed values, of ${formatNumber(stored.jsonBytes)} bytes of JSON`,
      `on the disk, with rows, pages and indexes: ${formatNumber(stored.disk.ours)} against ${formatNumber(stored.disk.reference)} bytes (${formatNumber(stored.disk.ours / stored.disk.reference)}x)`,
    ],
  };
}
