import type { DebugRun } from "@shelflife/api-contract";

import { systemClock } from "../packages/server/src/clock.ts";
import { createLog } from "../packages/server/src/log.ts";
import { ingest } from "../packages/server/src/recording/ingest.ts";
import { writeRun } from "../packages/server/src/recording/render-debug-run.ts";
import { createChats } from "./chats.ts";
import type { BenchmarkCluster, BenchmarkDatabase } from "./cluster.ts";
import { multiplyRuns, multiplyStepsInReference } from "./multiply-runs.ts";
import { createPerson, type Person } from "./person.ts";
import { openProduction, type Production } from "./production.ts";
import { copyRunsToReference, createReference } from "./reference.ts";
import { sampleRun, type RunKey, type SampleRun } from "./sample-runs.ts";
import { seededRandom } from "./seeded-random.ts";
import type { Size } from "./sizes.ts";
import { momentsOn, timelineUpTo, WINDOW_DAYS, type Timeline } from "./timeline.ts";

/** A database with runs of three steps and their payloads, the same ones in ours and in the reference. */
export interface PayloadData extends AsyncDisposable {
  readonly database: BenchmarkDatabase;
  readonly person: Person;
  readonly chatIds: readonly string[];
  readonly timeline: Timeline;
  /** The runs that all others are copies of. */
  readonly samples: readonly RunKey[];
}

/**
 * Builds the data in two steps: a few hundred different runs go in through the production code, which makes their
 * payloads and partitions; then SQL copies their rows under new ids and times, which makes a large table in little time.
 * Their place on the timeline is the only thing that tells one copy from another.
 */
export async function buildPayloadData(cluster: BenchmarkCluster, size: Size): Promise<PayloadData> {
  const database = await cluster.createDatabase();
  await using production = await openProduction(database.url);
  const person = await createPerson(production);
  await production.setWindow(WINDOW_DAYS);
  const timeline = timelineUpTo(new Date());
  const chatIds = await createChats(
    database.pool,
    person,
    Math.max(5, Math.floor((size.payloadRuns + size.foregroundRuns) / 200)),
  );
  const samples = await storeSamples(production, { person, chatIds, timeline, count: size.sampleRuns });
  await createReference(database.pool);
  await storeReferenceSamples(database.pool, production, person, samples);
  await multiplyRuns(database.pool, { samples, chatIds, timeline, count: size.payloadRuns - samples.length });
  await copyRunsToReference(database.pool);
  await multiplyStepsInReference(database.pool, samples);
  await database.pool.query("DROP SCHEMA building CASCADE");
  await database.pool.query("VACUUM (ANALYZE)");
  return { database, person, chatIds, timeline, samples, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

/** A copy with further runs of ours, all over the same timeline, so that draining them takes longer. */
export async function addForegroundRuns(
  cluster: BenchmarkCluster,
  size: Size,
  data: PayloadData,
): Promise<PayloadData> {
  const database = await cluster.createDatabase(data.database);
  await multiplyRuns(database.pool, { ...data, count: size.foregroundRuns });
  await database.pool.query("DROP SCHEMA building CASCADE");
  await database.pool.query("VACUUM (ANALYZE)");
  return { ...data, database, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

async function storeSamples(
  production: Production,
  input: { person: Person; chatIds: readonly string[]; timeline: Timeline; count: number },
): Promise<SampleRun[]> {
  const { person, chatIds, timeline, count } = input;
  const random = seededRandom(count);
  const samples: SampleRun[] = [];
  for (const [index, startedAt] of momentsOn(timeline, count, random).entries()) {
    const sample = sampleRun(random, { chatId: chatIds[index % chatIds.length] ?? "", startedAt });
    await takeIn(production, person, sample.batch);
    samples.push(sample);
  }
  return samples;
}

/** Takes a batch in as the HTTP route does, behind it; a refusal is an error of the benchmark. */
export async function takeIn({ store }: Production, person: Person, batch: SampleRun["batch"]): Promise<void> {
  const dependencies = { store, clock: systemClock, log: createLog("error"), recordingForced: true };
  const { rejected } = await ingest(dependencies, person.caller, batch);
  if (rejected.length > 0) throw new Error(`Items were refused: ${JSON.stringify(rejected[0])}`);
}

/** What the reference stores of the same steps: the very JSON that ours gives back, redacted and cut to its limits. */
export async function storeReferenceSamples(
  pool: BenchmarkDatabase["pool"],
  { store }: Production,
  person: Person,
  samples: readonly RunKey[],
): Promise<{ jsonBytes: number; steps: number }> {
  await pool.query(
    `CREATE SCHEMA IF NOT EXISTS building;
     CREATE TABLE building.sample_steps (
       id uuid PRIMARY KEY, normalized_request jsonb, normalized_response jsonb, attempts jsonb
     )`,
  );
  let jsonBytes = 0;
  let steps = 0;
  for (const { id: runId, chatId } of samples) {
    const stored = await store.readDebugRun({ chatId, runId, readerId: person.caller.userId });
    if (stored === undefined) throw new Error(`The run ${runId} was not stored.`);
    let json = "";
    for await (const piece of writeRun(stored)) json += piece;
    const run = JSON.parse(json) as DebugRun;
    for (const step of run.steps) {
      const parts = [step.normalized_request, step.normalized_response ?? null, step.attempts].map((part) =>
        JSON.stringify(part),
      );
      jsonBytes += parts.reduce((total, part) => total + Buffer.byteLength(part), 0);
      steps += 1;
      await pool.query("INSERT INTO building.sample_steps VALUES ($1, $2, $3, $4)", [step.id, ...parts]);
    }
  }
  return { jsonBytes, steps };
}
