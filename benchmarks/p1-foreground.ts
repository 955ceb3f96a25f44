import { setTimeout as sleepFor } from "node:timers/promises";

import { Child } from "./child-process.ts";
import type { BenchmarkCluster, BenchmarkDatabase } from "./cluster.ts";
import { checkpoint } from "./database.ts";
import type { RequestSample } from "./load-generator.ts";
import type { LoadCommands } from "./load-process.ts";
import type { PayloadData } from "./payload-data.ts";
import type { PurgerCommands, PurgeSummary } from "./purger-process.ts";
import { REFERENCE_BATCH, REFERENCE_INTERVAL_SECONDS, runReferenceStatement } from "./reference.ts";
import { formatNumber, formatSpread, judge, type Finding } from "./report.ts";
import type { Size } from "./sizes.ts";
import { median, quantile, spread, sum } from "./statistics.ts";
import { cutoffOf } from "./timeline.ts";

/** The load runs for so long before anything is looked at, in milliseconds. */
const WARM_UP_MS = 3_000;

/** Fewer requests than this in a window say nothing of its p95. */
const REQUESTS_MIN = 100;

/** How much two windows without a purge may differ, and still serve as the measure of the one between them. */
const NOISE_MAX = 1.25;

interface Repeat {
  readonly purge: PurgeSummary;
  readonly before: readonly RequestSample[];
  readonly during: readonly RequestSample[];
  readonly after: readonly RequestSample[];
  /** The reference's statement on the same machine, in milliseconds. */
  readonly referenceMs: number;
}

/**
 * P1: a server that answers requests at a fixed rate, and drains its backlog in between, at the pace of production and in
 * the same process, as in production. The requests come from a process of their own.
 */
export async function measureForeground(cluster: BenchmarkCluster, size: Size, data: PayloadData): Promise<Finding[]> {
  const repeats: Repeat[] = [];
  for (let repeat = 0; repeat < size.repeats; repeat += 1) {
    await using database = await cluster.createDatabase(data.database);
    repeats.push(await drainUnderLoad(database, size, data));
  }
  return [rateFinding(repeats), latencyFinding(repeats, 0.95, size), latencyFinding(repeats, 0.99, size)];
}

async function drainUnderLoad(database: BenchmarkDatabase, size: Size, data: PayloadData): Promise<Repeat> {
  const { person, chatIds, timeline } = data;
  await checkpoint(database.pool);
  const { ms: referenceMs } = await runReferenceStatement(database.pool, cutoffOf(timeline));
  await using server = new Child<PurgerCommands>(new URL("purger-process.ts", import.meta.url));
  await using load = new Child<LoadCommands>(new URL("load-process.ts", import.meta.url));
  const { url } = await server.call("open", { url: database.url, serve: true });
  await checkpoint(database.pool);
  await load.call("start", { url, key: person.key, chatIds, requestsPerSecond: size.requestsPerSecond });
  await sleepFor(WARM_UP_MS);

  const beforeFrom = Date.now();
  await sleepFor(size.windowSeconds * 1000);
  const duringFrom = Date.now();
  const purge = await server.call("purge", undefined);
  const duringTo = Date.now();
  await sleepFor(size.windowSeconds * 1000);
  const afterTo = Date.now();
  const samples = await load.call("stop", undefined);
  await server.call("close", undefined);

  const between = (from: number, to: number): RequestSample[] =>
    samples.filter(({ dueAt }) => dueAt >= from && dueAt < to);
  return {
    purge,
    referenceMs,
    before: between(beforeFrom, duringFrom),
    during: between(duringFrom, duringTo),
    after: between(duringTo, afterTo),
  };
}

function rateFinding(repeats: readonly Repeat[]): Finding {
  const rates = repeats.map(({ purge }) => (1000 * purge.runs) / purge.ms);
  const referenceRate = REFERENCE_BATCH / REFERENCE_INTERVAL_SECONDS;
  const { verdict, remark } = judge(median(rates), { atLeast: 2_000 });
  return {
    target: "P1",
    what: "backlog drained while the foreground works",
    limit: "at least 2,000 runs/s",
    reference: `${formatNumber(referenceRate)} runs/s, by its cadence`,
    ours: formatSpread(spread(rates), " runs/s"),
    ratio: `${formatNumber(median(rates) / referenceRate)}x`,
    verdict,
    remarks: [
      ...remark,
      `${formatNumber(median(repeats.map(({ purge }) => purge.runs)))} runs and ${median(repeats.map(({ purge }) => purge.partitions))} partitions in ${formatSpread(spread(repeats.map(({ purge }) => purge.ms / 1000)), " s")}, pauses and drops included; ${formatNumber(median(repeats.map(({ purge }) => (1000 * purge.runs) / purge.runsMs)))} runs/s while rows are deleted`,
      `the reference's statement deletes ${REFERENCE_BATCH} runs in ${formatSpread(spread(repeats.map(({ referenceMs }) => referenceMs)), " ms")} and then waits ten minutes`,
    ],
  };
}

function latencyFinding(repeats: readonly Repeat[], share: number, size: Size): Finding {
  const name = `p${100 * share}`;
  const of = (samples: readonly RequestSample[]): number =>
    quantile(
      samples.map(({ latencyMs }) => latencyMs),
      share,
    );
  const quiet = repeats.map(({ before, after }) => of([...before, ...after]));
  const purging = repeats.map(({ during }) => of(during));
  const ratios = purging.map((figure, repeat) => figure / (quiet[repeat] ?? Number.NaN));
  const { verdict, remark } = judge(median(ratios), { atMost: 1.25 });
  const doubt = doubtAbout(repeats, of);
  const judged = doubt === undefined ? verdict : "unresolved";
  const isTarget = share === 0.95;
  return {
    target: "P1",
    what: `foreground ${name} during the drain, against the windows before and after it`,
    limit: isTarget ? "at most 1.25x" : "",
    reference: formatSpread(spread(quiet), " ms"),
    ours: formatSpread(spread(purging), " ms"),
    ratio: `${formatSpread(spread(ratios))}x`,
    verdict: isTarget ? judged : "no target",
    remarks: [
      ...(isTarget ? remark : []),
      ...(doubt === undefined ? [] : [doubt]),
      `before ${formatSpread(spread(repeats.map(({ before }) => of(before))), " ms")}, after ${formatSpread(spread(repeats.map(({ after }) => of(after))), " ms")}`,
      `${size.requestsPerSecond} requests/s at fixed times, half of them recording a run and half listing a chat's; ${spread(repeats.map(({ during }) => during.length)).min} or more during a drain`,
      ...["record", "list"].map((kind) => `${kind}: ${byKind(repeats, kind, of)}`),
    ],
  };
}

/** Why the ratio of a percentile says little, where it does. */
function doubtAbout(repeats: readonly Repeat[], of: (samples: readonly RequestSample[]) => number): string | undefined {
  const failed = repeats.flatMap(({ before, during, after }) => [before, during, after].map(countFailed));
  if (sum(failed) > 0) return `${sum(failed)} requests failed: the machine does not bear this load`;
  const fewest = Math.min(...repeats.map(({ during }) => during.length));
  if (fewest < REQUESTS_MIN) return `only ${fewest} requests fell into a drain`;
  const noise = median(
    repeats.map(({ before, after }) => Math.max(of(before), of(after)) / Math.min(of(before), of(after))),
  );
  if (noise > NOISE_MAX) return `the windows before and after the drain differ by ${formatNumber(noise)}x themselves`;
  return undefined;
}

function countFailed(samples: readonly RequestSample[]): number {
  return samples.filter(({ failed }) => failed).length;
}

function byKind(repeats: readonly Repeat[], kind: string, of: (samples: readonly RequestSample[]) => number): string {
  const ofKind = (samples: readonly RequestSample[]): number => of(samples.filter(({ name }) => name === kind));
  const quiet = median(repeats.map(({ before, after }) => ofKind([...before, ...after])));
  const purging = median(repeats.map(({ during }) => ofKind(during)));
  return `${formatNumber(quiet)} ms without, ${formatNumber(purging)} ms with the drain`;
}
