import { createHash } from "node:crypto";

import { ShelflifeClient, ShelflifeError } from "@shelflife/sdk";

import type { Clock } from "../clock.ts";
import { makeKeys, makePeople, makeRecordingKey, type AccountOffice, type DemoAccount } from "./accounts.ts";
import { packBatches } from "./batches.ts";
import { checkRecording } from "./check-server.ts";
import { generateFamilies } from "./generate.ts";
import { Progress, type ProgressOutput } from "./progress.ts";
import { sendBatches } from "./send-batches.ts";
import { Tally } from "./tally.ts";
import type { DemoSize } from "./timeline.ts";

export interface DemoOptions {
  /** The running server. */
  readonly url: string;
  readonly size: DemoSize;
  readonly clock: Clock;
  /** Where progress is shown. */
  readonly output: ProgressOutput;
  readonly signal?: AbortSignal | undefined;
}

export interface DemoReport {
  /** The people of the demo, each with a fresh key; nobody where a key was given. */
  readonly people: readonly DemoAccount[];
  readonly tally: Tally;
  /** What the server refused, by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** The window in force; null where the key may not read it. */
  readonly windowDays: number | null;
  readonly expiredRuns: number | null;
  readonly durationMs: number;
}

/**
 * Fills a server for the people of the demo, who are made in its database first: a service account records for them with
 * an ingest key, which is revoked at the end.
 *
 * @param database what the database is called in a sentence
 */
export async function runDemoForPeople(
  options: DemoOptions,
  office: AccountOffice,
  database: string,
): Promise<DemoReport> {
  const recording = await makeRecordingKey(office);
  try {
    await checkRecording(
      clientOf(options, recording.key),
      `The server at ${options.url} does not use this database (${database}): run the demo with the SHELFLIFE_DATABASE_URL or ` +
        `SHELFLIFE_DATA_DIR of the server, or give it a key of that server with --key.`,
    );
    const people = await makePeople(office);
    const sent = await send(options, recording.key, { nameOwners: true });
    const accounts = await makeKeys(office, people);
    return { ...sent, people: accounts, ...(await expiry(options, accounts[0]?.key ?? "", sent.tally)) };
  } finally {
    await recording.revoke();
  }
}

/** Fills a server with chats that all belong to the owner of a key. Nothing but the API is used. */
export async function runDemoWithKey(options: DemoOptions, key: string): Promise<DemoReport> {
  await checkRecording(clientOf(options, key), `The server at ${options.url} does not know this key.`);
  // Ids follow from the seed. Two people who fill the same server must not get the same ones.
  const seed = `${options.size.seed}/${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;
  const sent = await send({ ...options, size: { ...options.size, seed } }, key, { nameOwners: false });
  return { ...sent, people: [], ...(await expiry(options, key, sent.tally)) };
}

async function send(
  options: DemoOptions,
  key: string,
  { nameOwners }: { nameOwners: boolean },
): Promise<Pick<DemoReport, "tally" | "refused" | "durationMs">> {
  const { size, clock, output, signal } = options;
  const started = clock.monotonic();
  const tally = new Tally();
  const progress = new Progress(size.chats, { output, clock });
  let chats = 0;
  let runs = 0;
  try {
    const families = tally.count(generateFamilies(size, clock.now()));
    const rejected = await sendBatches(packBatches(families, { nameOwners }), {
      client: clientOf(options, key),
      clock,
      signal,
      onSent(sent) {
        chats += sent.chatsDone;
        runs += sent.runs;
        progress.show(chats, `${runs} runs`);
      },
    });
    const refused = Object.groupBy(rejected, ({ code }) => code);
    return {
      tally,
      refused: Object.fromEntries(Object.entries(refused).map(([code, items]) => [code, items.length])),
      durationMs: clock.monotonic() - started,
    };
  } finally {
    progress.end();
  }
}

async function expiry(
  options: DemoOptions,
  key: string,
  tally: Tally,
): Promise<Pick<DemoReport, "windowDays" | "expiredRuns">> {
  const windowDays = await readWindow(clientOf(options, key));
  return { windowDays, expiredRuns: tally.expiredRuns(options.clock.now(), windowDays) };
}

/** A key that may only record cannot read it, and a corrupt window cannot be read at all; the demo is made all the same. */
async function readWindow(client: ShelflifeClient): Promise<number | null> {
  try {
    return await client.getDebugRetentionDays();
  } catch (error) {
    if (error instanceof ShelflifeError) return null;
    throw error;
  }
}

function clientOf({ url }: DemoOptions, key: string): ShelflifeClient {
  return new ShelflifeClient({ baseUrl: url, key, userAgent: "shelflife-demo" });
}
