import { createChats } from "./chats.ts";
import type { BenchmarkCluster, BenchmarkDatabase } from "./cluster.ts";
import { withoutForeignKeys } from "./multiply-runs.ts";
import { takeIn } from "./payload-data.ts";
import { createPerson, type Person } from "./person.ts";
import { openProduction } from "./production.ts";
import { copyRunsToReference, createReference } from "./reference.ts";
import { sampleRun } from "./sample-runs.ts";
import { seededRandom } from "./seeded-random.ts";
import { dailyMoments, MS_PER_DAY } from "./timeline.ts";

/** A database with runs that have no payloads, so that a large table is built in little time. */
export interface LightData extends AsyncDisposable {
  readonly database: BenchmarkDatabase;
  readonly person: Person;
  readonly chatIds: readonly string[];
  readonly runs: number;
}

/** Twice what a chat's list shows. */
const RUNS_A_CHAT = 200;

/** So many days back the runs reach; each day has its payload partition, as on a server that has run for that long. */
const DAYS = 40;

/** Runs evenly over the last forty days, in ours and in the reference, in the order of time and of their ids. */
export async function buildLightData(
  cluster: BenchmarkCluster,
  { runs, steps }: { runs: number; steps: number },
): Promise<LightData> {
  const database = await cluster.createDatabase();
  const { pool } = database;
  await using production = await openProduction(database.url);
  const person = await createPerson(production);
  const chatIds = await createChats(pool, person, Math.max(2, Math.ceil(runs / RUNS_A_CHAT)));
  const now = new Date();
  const random = seededRandom(runs);
  // One run a day goes in through the production code, which makes the partitions.
  for (const startedAt of dailyMoments({ from: new Date(now.getTime() - DAYS * MS_PER_DAY), to: now })) {
    await takeIn(production, person, sampleRun(random, { chatId: chatIds[0] ?? "", startedAt }).batch);
  }
  await withoutForeignKeys(
    pool,
    `INSERT INTO chat_debug_runs (id, chat_id, kind, status, provider, model, summary, started_at, updated_at, finished_at)
     SELECT uuidv7(started_at - clock_timestamp()), ($1::uuid[])[1 + number % ${chatIds.length}], 'chat_turn', 'completed', 'openai', 'gpt-5',
       jsonb_build_object('first_message', 'What does the file number ' || number || ' of the server do, and who calls it?',
         'step_count', ${steps}, 'total_input_tokens', 5000 + number % 700, 'total_output_tokens', 300 + number % 90, 'has_error', false),
       started_at, started_at + interval '12 seconds', started_at + interval '12 seconds'
     FROM (
       SELECT number, timestamptz '${now.toISOString()}' - (1 - number::float8 / ${runs}) * interval '${DAYS} days' AS started_at
       FROM generate_series(0, ${runs - 1}) AS number
     ) AS placed
     ORDER BY number`,
    [chatIds],
  );
  await withoutForeignKeys(
    pool,
    `INSERT INTO chat_debug_steps
       (id, run_id, chat_id, step_number, operation, status, usage, metadata, started_at, updated_at, finished_at)
     SELECT uuidv7(run.started_at - clock_timestamp()), run.id, run.chat_id, number, 'stream', 'completed',
       '{"input_tokens": 1812, "output_tokens": 144}', '{"integration": "ai-sdk"}', run.started_at, run.updated_at, run.finished_at
     FROM chat_debug_runs AS run CROSS JOIN generate_series(1, ${steps}) AS number
     WHERE NOT EXISTS (SELECT FROM chat_debug_steps AS known WHERE known.run_id = run.id AND known.chat_id = run.chat_id)
     ORDER BY run.started_at, number`,
  );
  await createReference(pool);
  await copyRunsToReference(pool);
  await withoutForeignKeys(
    pool,
    `INSERT INTO reference.chat_debug_steps
       (id, run_id, chat_id, step_number, operation, status, normalized_request, usage, metadata, started_at, updated_at, finished_at)
     SELECT id, run_id, chat_id, step_number, operation, status, '{}', usage, metadata, started_at, updated_at, finished_at
     FROM chat_debug_steps ORDER BY started_at, step_number`,
  );
  await pool.query("VACUUM (ANALYZE)");
  return { database, person, chatIds, runs, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}
