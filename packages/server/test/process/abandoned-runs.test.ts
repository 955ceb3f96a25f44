import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { expect, it, onTestFinished } from "vitest";

import { createTestDatabase, type TestDatabase } from "../postgres/test-database.ts";
import { until } from "../until.ts";
import { runCommand, startCommand, urlOf } from "./server-process.ts";

const APPLICATION = fileURLToPath(new URL("./recording-process.ts", import.meta.url));

/** Runs an application until it is in the middle of a call, and kills it there. */
async function killMidRun(url: string, key: string, ids: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, ["--conditions=@shelflife/source", APPLICATION, url, key, ...ids], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  child.kill("SIGKILL");
  await once(child, "close");
}

/** As if five minutes had passed since anybody wrote anything. */
async function age({ pool }: TestDatabase): Promise<void> {
  for (const table of ["chats", "chat_debug_runs", "chat_debug_steps"]) {
    await pool.query(
      `UPDATE ${table} SET updated_at = date_trunc('milliseconds', updated_at - interval '301 seconds')`,
    );
  }
}

async function stateOf({ pool }: TestDatabase): Promise<unknown> {
  const { rows } = await pool.query(
    `SELECT chat.status AS chat, run.status AS run, step.status AS step, run.finished_at = run.updated_at AS "stands still"
     FROM chats AS chat
     JOIN chat_debug_runs AS run ON run.chat_id = chat.id
     JOIN chat_debug_steps AS step ON step.run_id = run.id`,
  );
  return rows;
}

it.each(["on", "off"])(
  "a run whose application was killed is closed by the next start, with the purge switched %s",
  async (purge) => {
    const database = await createTestDatabase();
    const environment = {
      SHELFLIFE_HTTP_ADDRESS: "127.0.0.1:0",
      SHELFLIFE_DATABASE_URL: database.url,
      SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: "true",
      SHELFLIFE_PURGE: purge,
    };
    const created = await runCommand(["users", "create", "--email", "a@example.com", "--json"], environment);
    const { key } = JSON.parse(created.stdout) as { key: string };
    const first = startCommand(["serve"], environment);
    await killMidRun(await urlOf(first), key, [randomUUID(), randomUUID(), randomUUID()]);
    first.child.kill("SIGKILL");
    await first.finished;
    expect(await stateOf(database)).toEqual([
      { chat: "running", run: "in_progress", step: "in_progress", "stands still": null },
    ]);

    await age(database);
    const second = startCommand(["serve"], environment);
    await urlOf(second);
    const closed = [{ chat: "waiting", run: "interrupted", step: "interrupted", "stands still": true }];
    let state: unknown;
    await until(
      () => `the run is closed; it is ${JSON.stringify(state)}`,
      async () => {
        state = await stateOf(database);
        return JSON.stringify(state) === JSON.stringify(closed);
      },
    );
    second.child.kill("SIGTERM");
    expect((await second.finished).status).toBe(0);
  },
);
