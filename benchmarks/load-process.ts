import { ShelflifeClient } from "@shelflife/sdk";

import { answerCommands } from "./child-process.ts";
import { OpenLoop, type RequestSample } from "./load-generator.ts";
import { sampleRun } from "./sample-runs.ts";
import { seededRandom } from "./seeded-random.ts";

let load: OpenLoop | undefined;

const commands = {
  /** Starts the load of a foreground: half of the requests record a run, half list the runs of a chat. */
  start(input: { url: string; key: string; chatIds: readonly string[]; requestsPerSecond: number }): Promise<void> {
    const client = new ShelflifeClient({ baseUrl: input.url, key: input.key });
    const random = seededRandom(11);
    const anyChat = (): string => input.chatIds[Math.floor(random() * input.chatIds.length)] ?? "";
    load = new OpenLoop(input.requestsPerSecond, [
      {
        name: "record",
        async send() {
          // One call of a run, as a recorder sends it.
          const { batch } = sampleRun(random, { chatId: anyChat(), startedAt: new Date() });
          const { rejected } = await client.recordDebugBatch({
            runs: batch.runs ?? [],
            steps: batch.steps?.slice(0, 1) ?? [],
          });
          if (rejected.length > 0) throw new Error("An item was refused.");
        },
      },
      {
        name: "list",
        async send() {
          await client.listDebugRuns(anyChat());
        },
      },
    ]);
    load.start();
    return Promise.resolve();
  },

  /** Lets the requests under way end, and tells what became of all of them. */
  async stop(): Promise<RequestSample[]> {
    return (await load?.stop()) ?? [];
  },
};

export type LoadCommands = typeof commands;

answerCommands(commands);
