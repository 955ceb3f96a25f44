import type { LightData } from "./light-data.ts";
import { openProduction } from "./production.ts";
import { formatNumber, formatSpread, judge, type Finding } from "./report.ts";
import { seededRandom } from "./seeded-random.ts";
import type { Size } from "./sizes.ts";
import { median, quantile, spread } from "./statistics.ts";

/** P9: a chat's list of its newest 100 runs, read through the store one after another, in a small and in a large table. */
export async function measureNewestRuns(size: Size, tables: { small: LightData; large: LightData }): Promise<Finding> {
  const ours = { small: [] as number[], large: [] as number[] };
  const reference = { small: [] as number[], large: [] as number[] };
  const middles = { small: [] as number[], large: [] as number[] };
  // The first round warms the caches of both sides and is not counted.
  for (let repeat = -1; repeat < size.repeats; repeat += 1) {
    for (const which of ["small", "large"] as const) {
      const count = repeat < 0 ? Math.ceil(size.listings / 4) : size.listings;
      const listed = await timeStore(tables[which], count, repeat);
      const listedByReference = await timeReference(tables[which], count, repeat);
      if (repeat < 0) continue;
      ours[which].push(quantile(listed, 0.99));
      middles[which].push(median(listed));
      reference[which].push(quantile(listedByReference, 0.99));
    }
  }
  const ratiosOf = ({ small, large }: { small: number[]; large: number[] }): number[] =>
    small.map((figure, repeat) => (large[repeat] ?? Number.NaN) / figure);
  const { verdict, remark } = judge(median(ratiosOf(ours)), { atMost: 1.2 });
  return {
    target: "P9",
    what: `the newest 100 runs of a chat, p99 at ${formatNumber(tables.large.runs)} and ${formatNumber(tables.small.runs)} runs`,
    limit: "at most 1.2x",
    reference: `${formatSpread(spread(ratiosOf(reference)))}x`,
    ours: `${formatSpread(spread(ratiosOf(ours)))}x`,
    ratio: formatNumber(median(ratiosOf(ours))),
    verdict,
    remarks: [
      ...remark,
      `ours: p99 ${formatSpread(spread(ours.large), " ms")} and ${formatSpread(spread(ours.small), " ms")}, median ${formatNumber(median(middles.large))} and ${formatNumber(median(middles.small))} ms, driver included`,
      `reference, the same query: p99 ${formatSpread(spread(reference.large), " ms")} and ${formatSpread(spread(reference.small), " ms")}`,
    ],
  };
}

async function timeStore(data: LightData, count: number, seed: number): Promise<number[]> {
  await using production = await openProduction(data.database.url);
  return await timeLists(data, { count, seed }, (chatId) =>
    production.store.listDebugRuns({ chatId, readerId: data.person.caller.userId }),
  );
}

function timeReference(data: LightData, count: number, seed: number): Promise<number[]> {
  return timeLists(data, { count, seed }, async (chatId) => {
    const { rows } = await data.database.pool.query(
      `SELECT id, chat_id, kind, status, provider, model, summary, started_at, updated_at, finished_at
       FROM reference.chat_debug_runs WHERE chat_id = $1 ORDER BY started_at DESC, id DESC LIMIT 100`,
      [chatId],
    );
    return rows;
  });
}

async function timeLists(
  { chatIds }: LightData,
  { count, seed }: { count: number; seed: number },
  list: (chatId: string) => Promise<readonly unknown[] | undefined>,
): Promise<number[]> {
  const random = seededRandom(seed);
  const pick = (): string => chatIds[Math.floor(random() * chatIds.length)] ?? "";
  // The connection is made, and its statements are compiled, before the first look at the time.
  for (let warming = 0; warming < 50; warming += 1) await list(pick());
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const started = performance.now();
    const runs = await list(pick());
    times.push(performance.now() - started);
    if (runs === undefined || runs.length < 100) throw new Error("A list came back with less than 100 runs.");
  }
  return times;
}
