import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { answerCommands } from "./child-process.ts";

/** How long the provider thinks, in milliseconds. */
const PROVIDER_MS = 200;

const ANSWER = JSON.stringify({
  id: "chatcmpl-9f3a61c0",
  object: "chat.completion",
  created: 1_763_800_000,
  model: "test-model",
  choices: [
    {
      index: 0,
      message: {
        role: "assistant",
        content: "The tests of the store cover this; the loop itself has none. ".repeat(20),
      },
      finish_reason: "stop",
    },
  ],
  usage: { prompt_tokens: 3_100, completion_tokens: 240, total_tokens: 3_340 },
});

let server: Server | undefined;

const commands = {
  /** Listens on the loopback, and answers every request with the same chat completion after the same time. */
  async listen(): Promise<{ url: string }> {
    const listening = createServer((request, response) => {
      request.resume();
      request.on("end", () => {
        setTimeout(() => {
          response.writeHead(200, { "content-type": "application/json" });
          response.end(ANSWER);
        }, PROVIDER_MS);
      });
    });
    await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
    server = listening;
    return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}/v1` };
  },

  close(): Promise<void> {
    server?.closeAllConnections();
    return new Promise((resolve) => {
      if (server === undefined) resolve();
      else server.close(() => resolve());
    });
  },
};

export type ProviderCommands = typeof commands;

answerCommands(commands);
