import { randomUUID } from "node:crypto";
import { monitorEventLoopDelay, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as sleepFor } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { inChat, shelflifeRecorder, type ShelflifeRecorder } from "@shelflife/recorder";
import { generateText, jsonSchema, type LanguageModel, type ModelMessage, type ToolSet } from "ai";

import { answerCommands } from "./child-process.ts";
import { excerptAt } from "./source-text.ts";
import { seededRandom } from "./seeded-random.ts";

/** What some model calls in a row took, and how long the event loop stood still meanwhile. */
export interface CallBlock {
  readonly latenciesMs: readonly number[];
  readonly longestStallMs: number;
  /** Of a single garbage collection; where it is long, it is what the event loop stood still for. */
  readonly longestCollectionMs: number;
}

/** The timer that looks for stalls fires this often; what it reports includes that, in milliseconds. */
const RESOLUTION_MS = 1;

// What earlier blocks left behind must not be cleared away in the middle of this one.
setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

class LongestCollection {
  #longestMs = 0;
  readonly #observer = new PerformanceObserver((list) => this.#take(list.getEntries()));

  constructor() {
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  stop(): number {
    this.#take(this.#observer.takeRecords());
    this.#observer.disconnect();
    return this.#longestMs;
  }

  #take(entries: readonly { readonly duration: number }[]): void {
    this.#longestMs = Math.max(this.#longestMs, ...entries.map(({ duration }) => duration));
  }
}

interface Application {
  readonly model: LanguageModel;
  readonly recorder: ShelflifeRecorder;
}

let application: Application | undefined;
const random = seededRandom(7);

const commands = {
  open({ providerUrl, serverUrl, key }: { providerUrl: string; serverUrl: string; key: string }): Promise<void> {
    const provider = createOpenAICompatible({ name: "loopback", baseURL: providerUrl, apiKey: "provider-key" });
    application = {
      model: provider("test-model"),
      recorder: shelflifeRecorder({ baseUrl: serverUrl, key, onWarning: (message) => console.error(message) }),
    };
    return Promise.resolve();
  },

  /** Calls the model so many times, one after another, and waits until everything recorded has been sent. */
  async callModel({ calls, recorded }: { calls: number; recorded: boolean }): Promise<CallBlock> {
    if (application === undefined) throw new Error("Nothing is open.");
    const { model, recorder } = application;
    const latenciesMs: number[] = [];
    const conversations = Array.from({ length: calls }, conversation);
    collectGarbage();
    const collections = new LongestCollection();
    const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    delays.enable();
    for (const messages of conversations) {
      const { runtimeContext, telemetry } = inChat({ chatId: randomUUID() });
      const started = performance.now();
      await generateText({
        model,
        messages,
        tools,
        maxRetries: 0,
        ...(recorded ? { runtimeContext, telemetry: { ...telemetry, integrations: recorder } } : {}),
      });
      latenciesMs.push(performance.now() - started);
      // An application does something between two calls; what the recorder puts off must not fall into the next one alone.
      await sleepFor(20);
    }
    if (recorded && !(await recorder.flush())) throw new Error("Not everything that was recorded could be sent.");
    delays.disable();
    return {
      latenciesMs,
      longestStallMs: delays.max / 1e6 - RESOLUTION_MS,
      longestCollectionMs: collections.stop(),
    };
  },

  async close(): Promise<{ sent: number; dropped: number; rejected: number }> {
    await application?.recorder.shutdown();
    const { sent = 0, dropped = 0, rejected = 0 } = application?.recorder.stats() ?? {};
    return { sent, dropped, rejected };
  },
};

export type ModelCallCommands = typeof commands;

const tools: ToolSet = Object.fromEntries(
  ["read_file", "search_text", "run_command"].map((name, index) => [
    name,
    {
      description: excerptAt(index * 3_000, 180),
      inputSchema: jsonSchema<{ path: string }>({
        type: "object",
        properties: { path: { type: "string" } },
        required: ["path"],
      }),
    },
  ]),
);

/** About 14 KB, a new one for each call. */
function conversation(): ModelMessage[] {
  return Array.from({ length: 12 }, (_, index) => ({
    role: index % 2 === 0 ? "user" : "assistant",
    content: excerptAt(random() * 1e9, 1_100),
  }));
}

answerCommands(commands);
