import type { BenchmarkCluster } from "./cluster.ts";
import { payloadDiskBytes, payloadTables, readValue, valueBytes, walOf, type Pool } from "./database.ts";
import type { PayloadData } from "./payload-data.ts";
import { openProduction } from "./production.ts";
import { drainReference, REFERENCE_PAYLOADS, REFERENCE_TABLES } from "./reference.ts";
import { formatBytes, formatNumber, formatSpread, judge, type Finding } from "./report.ts";
import type { Size } from "./sizes.ts";
import { spread } from "./statistics.ts";
import { cutoffOf, MS_PER_DAY } from "./timeline.ts";

/** What a purge of everything expired wrote and gave back, on one side. */
interface Purged {
  readonly runs: number;
  /** Write-ahead log of the deletes, and of the VACUUM after them. */
  readonly deleteWal: number;
  readonly vacuumWal: number;
  /** Payloads on the disk: at the start, after the deletes, and in the end. */
  readonly disk: readonly [before: number, deleted: number, after: number];
  /** Bytes on the disk at the start that belonged to expired runs. */
  readonly expiredBytes: number;
}

/** P2 and P3: both sides purge the same runs, each on a fresh copy of the data. */
export async function measureDisk(cluster: BenchmarkCluster, size: Size, data: PayloadData): Promise<Finding[]> {
  const ours: Purged[] = [];
  const reference: Purged[] = [];
  for (let repeat = 0; repeat < size.repeats; repeat += 1) {
    await using database = await cluster.createDatabase(data.database);
    reference.push(await purgeReference(database.pool, data));
    ours.push(await purgeOurs(database.pool, database.url, data));
  }
  return [walFinding(ours, reference), diskFinding(ours, reference)];
}

async function purgeReference(pool: Pool, { timeline }: PayloadData): Promise<Purged> {
  const steps = "reference.chat_debug_steps";
  const measure = (): Promise<number> => readValue(pool, `SELECT pg_total_relation_size('${steps}')::float8 AS value`);
  const before = await measure();
  const share = await expiredShare(pool, {
    payloads: steps,
    bytes: await valueBytes(pool, steps, REFERENCE_PAYLOADS),
    runs: "reference.chat_debug_runs",
    cutoff: cutoffOf(timeline),
  });
  let runs = 0;
  const deleteWal = await walOf(pool, async () => {
    runs = (await drainReference(pool, cutoffOf(timeline))).deleted;
  });
  const deleted = await measure();
  const vacuumWal = await walOf(pool, () => pool.query(`VACUUM ${REFERENCE_TABLES.join(", ")}`));
  return { runs, deleteWal, vacuumWal, disk: [before, deleted, await measure()], expiredBytes: before * share };
}

async function purgeOurs(pool: Pool, url: string, { timeline }: PayloadData): Promise<Purged> {
  await using production = await openProduction(url);
  const tables = await payloadTables(pool);
  const before = await payloadDiskBytes(pool);
  const [payloads = ""] = tables;
  const share = await expiredShare(pool, {
    payloads,
    bytes: await valueBytes(pool, payloads),
    runs: "chat_debug_runs",
    cutoff: cutoffOf(timeline),
  });
  let runs = 0;
  let deleted = 0;
  const deleteWal = await walOf(pool, async () => {
    production.setNow(timeline.now);
    runs = (await production.purge()).runs;
    deleted = await payloadDiskBytes(pool);
    // One partition length later. Nothing has expired in between.
    production.setNow(new Date(timeline.now.getTime() + MS_PER_DAY));
    runs += (await production.purge()).runs;
  });
  const vacuumWal = await walOf(pool, () =>
    pool.query(`VACUUM chat_debug_runs, chat_debug_steps, ${tables.join(", ")}`),
  );
  return {
    runs,
    deleteWal,
    vacuumWal,
    disk: [before, deleted, await payloadDiskBytes(pool)],
    expiredBytes: before * share,
  };
}

/** Which share of the stored payload bytes belongs to expired runs. */
function expiredShare(
  pool: Pool,
  { payloads, bytes, runs, cutoff }: { payloads: string; bytes: string; runs: string; cutoff: Date },
): Promise<number> {
  return readValue(
    pool,
    `SELECT (sum(${bytes}) FILTER (WHERE run.updated_at < $1))::float8 / sum(${bytes}) AS value
     FROM ${payloads} AS payload JOIN ${runs} AS run ON run.id = payload.run_id AND run.chat_id = payload.chat_id`,
    [cutoff],
  );
}

function walFinding(ours: readonly Purged[], reference: readonly Purged[]): Finding {
  const perRun = ({ deleteWal, vacuumWal, runs }: Purged): number => (deleteWal + vacuumWal) / runs / 1e3;
  const oursSpread = spread(ours.map(perRun));
  const referenceSpread = spread(reference.map(perRun));
  const ratios = ours.map((purged, index) => perRun(purged) / perRun(reference[index] ?? purged));
  const { verdict, remark } = judge(spread(ratios).median, { atMost: 0.1 });
  const parts = (purged: readonly Purged[]): string =>
    `${formatNumber(spread(purged.map(({ deleteWal, runs }) => deleteWal / runs / 1e3)).median)} KB deletes + ` +
    `${formatNumber(spread(purged.map(({ vacuumWal, runs }) => vacuumWal / runs / 1e3)).median)} KB vacuum`;
  return {
    target: "P2",
    what: "WAL for a purged run of three steps, vacuum included",
    limit: "at most 1/10 of the reference",
    reference: formatSpread(referenceSpread, " KB"),
    ours: formatSpread(oursSpread, " KB"),
    ratio: formatSpread(spread(ratios)),
    verdict,
    remarks: [
      ...remark,
      `ours: ${parts(ours)}; reference: ${parts(reference)}; a checkpoint before each part`,
      `${ours[0]?.runs} and ${reference[0]?.runs} runs purged`,
    ],
  };
}

function diskFinding(ours: readonly Purged[], reference: readonly Purged[]): Finding {
  const returned = ({ disk: [before, , after], expiredBytes }: Purged): number =>
    (100 * (before - after)) / expiredBytes;
  const oursSpread = spread(ours.map(returned));
  const { verdict, remark } = judge(oursSpread.median, { atLeast: 95 });
  const stages = (purged: readonly Purged[]): string =>
    [0, 1, 2]
      .map((stage) => formatBytes(spread(purged.map(({ disk }) => disk[stage] ?? Number.NaN)).median))
      .join(", ");
  return {
    target: "P3",
    what: "expired payload bytes back on the disk one partition length (a day) later",
    limit: "at least 95 %",
    reference: formatSpread(spread(reference.map(returned)), " %"),
    ours: formatSpread(oursSpread, " %"),
    ratio: "",
    verdict,
    remarks: [
      ...remark,
      `payloads before, after the purge, a day later: ${stages(ours)}; reference before, after the deletes, after VACUUM: ${stages(reference)}`,
      "one run in a hundred of the expired time is still live, and holds its partition until its payloads are moved",
    ],
  };
}
