import { createHash } from "node:crypto";

import { ShelflifeClient, ShelflifeError } from "@shelflife/sdk";

import type { Clock } from "../clock.ts";
import {
  accountsOf,
  makePeople,
  makeRecordingKey,
  withKeys,
  type AccountOffice,
  type DemoAccount,
} from "./accounts.ts";
import { packBatches } from "./batches.ts";
import { checkRecording } from "./check-server.ts";
import { furnishChats, type Furnished, type Furnishers } from "./furnish-chats.ts";
import { generateFamilies } from "./generate.ts";
import { DEMO_PEOPLE } from "./people.ts";
import { Progress, type ProgressOutput } from "./progress.ts";
import { sendBatches } from "./send-batches.ts";
import { ShowCase } from "./show-case.ts";
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
  /** What chats got besides debug runs. */
  readonly furnished: Furnished;
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
  // Said before anybody is made: whoever wanted the link can still stop, and knows afterwards what happened to it.
  if (await office.isSetUpNeeded()) options.output.write(`${SET_UP_ENDS}\n`);
  const recording = await makeRecordingKey(office);
  try {
    const recorder = clientOf(options, recording.key);
    await checkRecording(
      recorder,
      `The server at ${options.url} does not use this database (${database}): run the demo with the SHELFLIFE_DATABASE_URL or ` +
        `SHELFLIFE_DATA_DIR of the server, or give it a key of that server with --key.`,
    );
    const people = await makePeople(office);
    return await withKeys(office, people, async (keys) => {
      const clients = new Map([...keys].map(([email, key]) => [email, clientOf(options, key)]));
      const sent = await send(options, { recorder, clientOf: (owner) => clients.get(owner), nameOwners: true });
      const windowDays = await readWindow(clients.get(DEMO_PEOPLE[0]?.email ?? ""));
      return { ...sent, people: accountsOf(people, keys), ...expiry(options, sent.tally, windowDays) };
    });
  } finally {
    await recording.revoke();
  }
}

const SET_UP_ENDS =
  "Nobody had an account here. The people of the demo end set-up, so that the server's set-up link is worthless from now on: sign in " +
  "as the demo's administrator, or make one of your own with: npx shelflife users create --email you@example.com --role owner --password-stdin";

/** Fills a server with chats that all belong to the owner of a key. Nothing but the API is used. */
export async function runDemoWithKey(options: DemoOptions, key: string): Promise<DemoReport> {
  const client = clientOf(options, key);
  await checkRecording(client, `The server at ${options.url} does not know this key.`);
  // Ids follow from the seed. Two people who fill the same server must not get the same ones.
  const seed = `${options.size.seed}/${createHash("sha256").update(key).digest("hex").slice(0, 16)}`;
  const windowDays = await readWindow(client);
  // A key that may only record opens no chats, either.
  const owners = (await mayOpenChats(client)) ? client : undefined;
  const sent = await send(
    { ...options, size: { ...options.size, seed } },
    { recorder: client, clientOf: () => owners, nameOwners: false },
  );
  return { ...sent, people: [], ...expiry(options, sent.tally, windowDays) };
}

async function send(
  options: DemoOptions,
  as: Pick<Furnishers, "recorder" | "clientOf"> & { nameOwners: boolean },
): Promise<Pick<DemoReport, "tally" | "furnished" | "refused" | "durationMs">> {
  const { size, clock, output, signal } = options;
  const started = clock.monotonic();
  const tally = new Tally();
  const showCase = new ShowCase(clock.now());
  const progress = new Progress(size.chats, { output, clock });
  let chats = 0;
  let runs = 0;
  try {
    const families = showCase.watch(tally.count(generateFamilies(size, clock.now())));
    const rejected = await sendBatches(packBatches(families, as), {
      client: as.recorder,
      clock,
      signal,
      onSent(sent) {
        chats += sent.chatsDone;
        runs += sent.runs;
        progress.show(chats, `${runs} runs`);
      },
    });
    const furnished = await furnishChats(showCase, { ...as, signal });
    const refused = Object.groupBy(rejected, ({ code }) => code);
    return {
      tally,
      furnished,
      refused: Object.fromEntries(Object.entries(refused).map(([code, items]) => [code, items.length])),
      durationMs: clock.monotonic() - started,
    };
  } finally {
    progress.end();
  }
}

function expiry(
  { clock }: DemoOptions,
  tally: Tally,
  windowDays: number | null,
): Pick<DemoReport, "windowDays" | "expiredRuns"> {
  return { windowDays, expiredRuns: tally.expiredRuns(clock.now(), windowDays) };
}

/** A key that may only record cannot read it, and a corrupt window cannot be read at all; the demo is made all the same. */
async function readWindow(client: ShelflifeClient | undefined): Promise<number | null> {
  try {
    return (await client?.getDebugRetentionDays()) ?? null;
  } catch (error) {
    if (error instanceof ShelflifeError) return null;
    throw error;
  }
}

async function mayOpenChats(client: ShelflifeClient): Promise<boolean> {
  try {
    await client.chats.list({ limit: 1 });
    return true;
  } catch (error) {
    if (error instanceof ShelflifeError && error.code === "insufficient_scope") return false;
    throw error;
  }
}

function clientOf({ url }: DemoOptions, key: string): ShelflifeClient {
  return new ShelflifeClient({ baseUrl: url, key, userAgent: "shelflife-demo" });
}
