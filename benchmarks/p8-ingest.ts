import type { DebugBatch } from "@shelflife/api-contract";

import { systemClock } from "../packages/server/src/clock.ts";
import { createLog } from "../packages/server/src/log.ts";
import { ingest } from "../packages/server/src/recording/ingest.ts";
import type { PreparedBatch } from "../packages/server/src/store/ingest-batch.ts";
import { createChats } from "./chats.ts";
import type { BenchmarkCluster } from "./cluster.ts";
import { checkpoint, payloadTables, readValue, type Pool } from "./database.ts";
import { takeIn } from "./payload-data.ts";
import { createPerson, type Person } from "./person.ts";
import { openProduction, type Production } from "./production.ts";
import { formatNumber, formatSpread, judge, type Finding } from "./report.ts";
import { sampleRun } from "./sample-runs.ts";
import { seededRandom } from "./seeded-random.ts";
import type { Size } from "./sizes.ts";
import { median, spread } from "./statistics.ts";

const RUNS_A_BATCH = 50;

/** Batches on their way at once, where the whole path is measured. */
const CONCURRENCY = 4;

/** P8: rows a second through the store, and the same rows by COPY into the same tables, each time empty at the start. */
export async function measureIngest(cluster: BenchmarkCluster, size: Size): Promise<Finding[]> {
  await using database = await cluster.createDatabase();
  const { pool } = database;
  await using production = await openProduction(database.url);
  const person = await createPerson(production);
  const chatIds = await createChats(pool, person, RUNS_A_BATCH);
  const random = seededRandom(size.ingestedRuns);
  const makeBatches = (): DebugBatch[] =>
    Array.from({ length: Math.ceil(size.ingestedRuns / RUNS_A_BATCH) }, () => {
      const runs = chatIds.map((chatId) => sampleRun(random, { chatId, startedAt: new Date() }).batch);
      return { runs: runs.flatMap((batch) => batch.runs ?? []), steps: runs.flatMap((batch) => batch.steps ?? []) };
    });
  const tables = ["chat_debug_runs", "chat_debug_steps", ...(await payloadTables(pool))];
  // The first batch makes the partition and opens the connections.
  await takeIn(production, person, makeBatches()[0] ?? {});

  const figures: Figures = { store: [], encoded: [], whole: [], text: [], binary: [] };
  for (let repeat = 0; repeat < size.repeats; repeat += 1) {
    const prepared = (await prepare(production, person, makeBatches())).map(keepEncoded);
    const storeAll = async (): Promise<void> => {
      for (const batch of prepared) await production.store.recordDebugBatch(person.caller, batch);
    };
    await empty(pool, tables);
    const storeSeconds = await seconds(storeAll);
    const rows = await countRows(pool, tables);
    figures.store.push(rows / storeSeconds);
    // The same batches again into empty tables: what was compressed a moment ago is not compressed anew.
    await empty(pool, tables);
    figures.encoded.push(rows / (await seconds(storeAll)));
    figures.text.push(rows / (await copySeconds(pool, tables, "text")));
    figures.binary.push(rows / (await copySeconds(pool, tables, "binary")));
    const batches = makeBatches();
    await empty(pool, tables);
    const wholeSeconds = await seconds(() => takeAllIn(production, person, batches));
    figures.whole.push((await countRows(pool, tables)) / wholeSeconds);
  }
  return [
    finding("their payloads encoded before", figures.encoded, { figures, size }),
    finding("which encodes their payloads itself", figures.store, { figures, size }),
  ];
}

/** Rows a second, one figure for each repeat. */
interface Figures {
  /** The store, which encodes the payloads within its transaction. */
  readonly store: number[];
  /** The store, with the payloads encoded before. */
  readonly encoded: number[];
  /** Checks and redaction too, several batches at once. */
  readonly whole: number[];
  readonly text: number[];
  readonly binary: number[];
}

function finding(how: string, ours: readonly number[], { figures, size }: { figures: Figures; size: Size }): Finding {
  const ratios = ours.map((figure, repeat) => figure / (figures.text[repeat] ?? Number.NaN));
  const { verdict, remark } = judge(median(ratios), { atLeast: 0.5 });
  return {
    target: "P8",
    what: `rows (runs, steps, payloads) taken in by the store on one connection, ${how}`,
    limit: "at least half of a raw COPY of the same rows",
    reference: `${formatSpread(spread(figures.text))} rows/s by COPY`,
    ours: `${formatSpread(spread(ours))} rows/s`,
    ratio: formatSpread(spread(ratios)),
    verdict,
    remarks: [
      ...remark,
      `COPY FROM a file on the server, in text, all tables in one transaction; in binary ${formatSpread(spread(figures.binary))} rows/s`,
      `the store in ${formatNumber(Math.ceil(size.ingestedRuns / RUNS_A_BATCH))} transactions of ${RUNS_A_BATCH} runs with three steps each`,
      `the whole way in, with checks and redaction, ${CONCURRENCY} batches at once: ${formatSpread(spread(figures.whole))} rows/s`,
    ],
  };
}

/** What the store is given: checked, redacted and cut. */
async function prepare(
  production: Production,
  person: Person,
  batches: readonly DebugBatch[],
): Promise<PreparedBatch[]> {
  const prepared: PreparedBatch[] = [];
  const store = {
    ...production.store,
    recordDebugBatch: (_caller: unknown, batch: PreparedBatch) => {
      prepared.push(batch);
      return Promise.resolve([]);
    },
  };
  const dependencies = { store, clock: systemClock, log: createLog("error"), recordingForced: true };
  for (const batch of batches) await ingest(dependencies, person.caller, batch);
  return prepared;
}

/** The same batch, whose payloads are encoded once, however often it is stored. */
function keepEncoded(batch: PreparedBatch): PreparedBatch {
  return {
    ...batch,
    steps: batch.steps.map((step) => {
      const draft = step.payload;
      if (draft === undefined) return step;
      let encoded: ReturnType<typeof draft.encode> | undefined;
      return { ...step, payload: { ...draft, encode: (numbering) => (encoded ??= draft.encode(numbering)) } };
    }),
  };
}

async function takeAllIn(production: Production, person: Person, batches: readonly DebugBatch[]): Promise<void> {
  const waiting = [...batches];
  const work = async (): Promise<void> => {
    for (let batch = waiting.shift(); batch !== undefined; batch = waiting.shift())
      await takeIn(production, person, batch);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
}

async function empty(pool: Pool, tables: readonly string[]): Promise<void> {
  await pool.query(`TRUNCATE ${tables.join(", ")}`);
  await checkpoint(pool);
}

/** Writes what is stored into files of the cluster's folder, empties the tables, and copies it back. */
async function copySeconds(pool: Pool, tables: readonly string[], format: "text" | "binary"): Promise<number> {
  const folder = await readValue<string>(pool, "SELECT current_setting('data_directory') AS value");
  const fileOf = (table: string): string => `${folder}/benchmark-${table}.${format}`;
  for (const table of tables) {
    await pool.query(`COPY (SELECT * FROM ${table}) TO '${fileOf(table)}' (FORMAT ${format})`);
  }
  await empty(pool, tables);
  const client = await pool.connect();
  try {
    return await seconds(async () => {
      await client.query("BEGIN");
      for (const table of tables) await client.query(`COPY ${table} FROM '${fileOf(table)}' (FORMAT ${format})`);
      await client.query("COMMIT");
    });
  } finally {
    client.release();
  }
}

async function countRows(pool: Pool, tables: readonly string[]): Promise<number> {
  let rows = 0;
  for (const table of tables) rows += await readValue<number>(pool, `SELECT count(*) AS value FROM ${table}`);
  return rows;
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
