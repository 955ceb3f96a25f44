import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import type { Chat, DebugRun } from "@shelflife/api-contract";
import { chatUuid } from "@shelflife/recorder";

import { type ProviderAnswer, ProviderReplayServer } from "../../../recorder/test/provider-replay-server.ts";
import { systemClock } from "../../src/clock.ts";
import { listen } from "../../src/http/listen.ts";
import { createTestApp } from "../test-app.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..", "..", "..");

/** What became of a program, and of the chat that it records into. */
export interface ExampleOutcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly chats: readonly Chat[];
  readonly runs: readonly DebugRun[];
}

/** Runs a program as its page says, against a model provider and a server on the loopback. */
export async function runExample(file: string, chatId: string, answers: ProviderAnswer[]): Promise<ExampleOutcome> {
  const app = await createTestApp();
  // Programs live at the machine's time.
  app.clock.set(new Date());
  const listener = await listen(app.app.fetch, { host: "127.0.0.1", port: 0 }, systemClock);
  await using provider = await ProviderReplayServer.start(...answers);
  try {
    const { key } = await app.createUser();
    const child = spawn(process.execPath, ["--conditions=@shelflife/source", join("examples", file)], {
      cwd: REPOSITORY,
      env: {
        PATH: process.env["PATH"],
        NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
        SHELFLIFE_URL: listener.url,
        SHELFLIFE_API_KEY: key,
        OPENAI_BASE_URL: provider.url,
        OPENAI_API_KEY: "key-of-openai",
      },
    });
    const [status, stdout, stderr] = await Promise.all([
      new Promise<number | null>((resolve) => child.on("close", resolve)),
      text(child.stdout),
      text(child.stderr),
    ]);
    const client = app.client(key);
    const runs = await client.listDebugRuns(chatUuid(chatId));
    return {
      status,
      stdout,
      stderr,
      chats: await client.chats.list(),
      runs: await Promise.all(runs.map(({ id }) => client.getDebugRun(chatUuid(chatId), id))),
    };
  } finally {
    await listener.close();
  }
}
