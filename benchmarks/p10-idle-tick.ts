import type { BenchmarkCluster } from "./cluster.ts";
import { checkpoint, readValue } from "./database.ts";
import type { LightData } from "./light-data.ts";
import { openProduction } from "./production.ts";
import { runReferenceStatement } from "./reference.ts";
import { formatNumber, formatSpread, judge, type Finding } from "./report.ts";
import type { Size } from "./sizes.ts";
import { spread } from "./statistics.ts";

/** Longer than anything is old. */
const WINDOW = 3650;

/** P10: ticks that find nothing expired in a large table, and what they cost the database. */
export async function measureIdleTick(cluster: BenchmarkCluster, size: Size, data: LightData): Promise<Finding> {
  const { database } = data;
  const active: number[] = [];
  const statementTimes: number[] = [];
  let statements = 0;
  for (let repeat = 0; repeat < size.repeats; repeat += 1) {
    await checkpoint(database.pool);
    const opened = await activeTimeOf(cluster, data, 0);
    const ticked = await activeTimeOf(cluster, data, size.idleTicks);
    active.push((ticked.activeMs - opened.activeMs) / size.idleTicks);
    statementTimes.push(ticked.statementMs / size.idleTicks);
    statements = ticked.statements / size.idleTicks;
  }
  const reference: number[] = [];
  // The first statement opens the connection.
  await runReferenceStatement(database.pool, new Date(0));
  for (let statement = 0; statement < 3 * size.repeats; statement += 1) {
    const { deleted, ms } = await runReferenceStatement(database.pool, new Date(0));
    if (deleted > 0) throw new Error("The reference was not idle.");
    reference.push(ms);
  }
  const { verdict, remark } = judge(spread(active).median, { atMost: 5 });
  return {
    target: "P10",
    what: `database time of a tick that finds nothing expired, at ${formatNumber(data.runs)} runs`,
    limit: "at most 5 ms",
    reference: `${formatSpread(spread(reference), " ms")} for its one statement, round trip included`,
    ours: formatSpread(spread(active), " ms"),
    ratio: "",
    verdict,
    remarks: [
      ...remark,
      `by the database's own account (pg_stat_database.active_time), of ${size.idleTicks} ticks a repeat`,
      `seen from the purger: ${formatSpread(spread(statementTimes), " ms")} in ${formatNumber(statements)} statements, round trips included`,
    ],
  };
}

/** Opens the production's connections, ticks, and closes them, so that the database has counted all of their time. */
async function activeTimeOf(
  cluster: BenchmarkCluster,
  { database }: LightData,
  ticks: number,
): Promise<{ activeMs: number; statementMs: number; statements: number }> {
  await database.disconnect();
  const read = (): Promise<number> =>
    readValue(cluster.pool, "SELECT active_time AS value FROM pg_stat_database WHERE datname = $1", [database.name]);
  const before = await read();
  const timing = { statementMs: 0, statements: 0 };
  {
    await using production = await openProduction(database.url);
    await production.setWindow(WINDOW);
    timeStatements(production.access.purgePool, timing);
    for (let tick = 0; tick < ticks; tick += 1) {
      const { runs, partitions } = await production.purge();
      if (runs + partitions > 0) throw new Error("The tick was not idle.");
    }
  }
  return { activeMs: (await untilCounted(read)) - before, ...timing };
}

/** Sessions hand in their statistics when they end, a moment after we have hung up. */
async function untilCounted(read: () => Promise<number>): Promise<number> {
  let last = await read();
  for (let unchanged = 0; unchanged < 5;) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const next = await read();
    unchanged = next === last ? unchanged + 1 : 0;
    last = next;
  }
  return last;
}

type PurgePool = Awaited<ReturnType<typeof openProduction>>["access"]["purgePool"];

/** Adds up how long the statements of a pool take, as its user sees them. */
function timeStatements(pool: PurgePool, timing: { statementMs: number; statements: number }): void {
  pool.on("connect", (client) => {
    const query = client.query.bind(client) as (...input: unknown[]) => Promise<unknown>;
    const timed = async (...input: unknown[]): Promise<unknown> => {
      const started = performance.now();
      try {
        return await query(...input);
      } finally {
        timing.statementMs += performance.now() - started;
        timing.statements += 1;
      }
    };
    Object.assign(client, { query: timed });
  });
}
