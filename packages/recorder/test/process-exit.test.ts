import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

import { shelflifeRecorder } from "@shelflife/recorder";

import { IngestServer } from "./ingest-server.ts";
import { CHAT_ID } from "./recording.ts";

const APPLICATION = fileURLToPath(new URL("short-application.ts", import.meta.url));

async function runApplication(
  url: string,
  environment: NodeJS.ProcessEnv = {},
): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, ["--conditions=@shelflife/source", APPLICATION], {
    env: { ...process.env, SHELFLIFE_URL: url, SHELFLIFE_API_KEY: "key", CHAT_ID, ...environment },
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  return { status, output };
}

describe("an application that ends by itself right after a call", () => {
  it("has its call recorded", async () => {
    await using ingest = await IngestServer.start();
    const { status, output } = await runApplication(ingest.url);
    expect(output).toBe("Fine.\n");
    expect(status).toBe(0);
    expect(ingest.run).toMatchObject({ chat_id: CHAT_ID, status: "completed" });
    expect(ingest.step).toMatchObject({ status: "completed" });
  });

  it("ends all the same when the server is away, and says once that data was lost", async () => {
    // No port that somebody else may be given meanwhile.
    const { status, output } = await runApplication("http://127.0.0.1:2");
    expect(status).toBe(0);
    expect(output.match(/\[shelflife\]/g)).toHaveLength(1);
    expect(output).toContain("Debug data is being lost");
  });

  it("gets an answer when it waits for the recorder's shutdown, though the server fails", async () => {
    await using ingest = await IngestServer.start();
    ingest.status = 503;
    const { status, output } = await runApplication(ingest.url, { SHUTDOWN_MS: "300" });
    expect(output).toMatch(/^Fine\.\n\[shelflife\] Debug data is being lost: .*\nfalse\n$/);
    expect(status).toBe(0);
  });
});

it("asks the process once to be told of its end, however many recorders there are", async () => {
  const listeners = process.listenerCount("beforeExit");
  const recorders = Array.from({ length: 20 }, () => shelflifeRecorder({ baseUrl: "http://127.0.0.1:1", key: "key" }));
  expect(process.listenerCount("beforeExit")).toBe(listeners + 1);
  for (const recorder of recorders) await recorder.shutdown();
  expect(process.listenerCount("beforeExit")).toBe(listeners);
});
