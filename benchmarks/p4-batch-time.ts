import type { LightData } from "./light-data.ts";
import { checkpoint, readValue } from "./database.ts";
import { openProduction } from "./production.ts";
import { REFERENCE_BATCH, runReferenceStatement } from "./reference.ts";
import { formatNumber, formatSpread, judge, type Finding } from "./report.ts";
import type { Size } from "./sizes.ts";
import { median, spread } from "./statistics.ts";
import { MS_PER_DAY } from "./timeline.ts";

/** Runs that one batch of ours deletes here. In production batches are sized by the time they take, which would hide what is measured. */
const BATCH = 200;

/** Statements of the reference in one repeat. */
const STATEMENTS = 2;

/** P4: how long a batch takes in a small and in a large table of runs, and the reference's statement in the same two. */
export async function measureBatchTime(size: Size, tables: { small: LightData; large: LightData }): Promise<Finding> {
  const ours = { small: [] as number[], large: [] as number[] };
  const reference = { small: [] as number[], large: [] as number[] };
  for (let repeat = 0; repeat < size.repeats; repeat += 1) {
    for (const which of ["small", "large"] as const) {
      // One statement before our batches and one after them: what the machine does differently in between shows.
      reference[which].push(await timeReference(tables[which]));
      ours[which].push(median(await timeBatches(tables[which], size.timedBatches)));
      reference[which].push(...(await repeatReference(tables[which], STATEMENTS - 1)));
    }
  }
  const ratios = ours.small.map((small, repeat) => (ours.large[repeat] ?? Number.NaN) / small);
  const { verdict, remark } = judge(median(ratios), { atMost: 1.2 });
  const sizes = `${formatNumber(tables.large.runs)} and ${formatNumber(tables.small.runs)} runs`;
  return {
    target: "P4",
    what: `time of a batch at ${sizes}`,
    limit: "at most 1.2x",
    reference: `${formatNumber(median(reference.large) / median(reference.small))}x`,
    ours: `${formatSpread(spread(ratios))}x`,
    ratio: formatNumber(median(ratios)),
    verdict,
    remarks: [
      ...remark,
      `ours, ${BATCH} runs: ${formatSpread(spread(ours.large), " ms")} at the large and ${formatSpread(spread(ours.small), " ms")} at the small table, medians of ${size.timedBatches} batches`,
      `reference, ${REFERENCE_BATCH} runs: ${formatSpread(spread(reference.large), " ms")} and ${formatSpread(spread(reference.small), " ms")}`,
    ],
  };
}

/** Moves the purge's clock so far that just these batches are expired, and purges. */
async function timeBatches({ database }: LightData, count: number): Promise<number[]> {
  await using production = await openProduction(database.url);
  const window = 30;
  await production.setWindow(window);
  const cutoff = await clockOfRun(database.pool, "chat_debug_runs", count * BATCH);
  production.setNow(new Date(cutoff.getTime() + window * MS_PER_DAY));
  await checkpoint(database.pool);
  const { batches } = await production.purge({ batchSize: BATCH, batchTargetMs: 10_000 });
  return batches.filter(({ runs }) => runs === BATCH).map(({ ms }) => ms);
}

async function timeReference({ database }: LightData): Promise<number> {
  const cutoff = await clockOfRun(database.pool, "reference.chat_debug_runs", REFERENCE_BATCH);
  await checkpoint(database.pool);
  const { ms } = await runReferenceStatement(database.pool, cutoff);
  return ms;
}

async function repeatReference(data: LightData, times: number): Promise<number[]> {
  const figures: number[] = [];
  for (let time = 0; time < times; time += 1) figures.push(await timeReference(data));
  return figures;
}

/** The retention clock of the run before which there are so many older ones. */
function clockOfRun(pool: LightData["database"]["pool"], table: string, older: number): Promise<Date> {
  return readValue(pool, `SELECT updated_at AS value FROM ${table} ORDER BY updated_at, id OFFSET ${older} LIMIT 1`);
}
