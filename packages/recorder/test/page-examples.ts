import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { IngestServer } from "./ingest-server.ts";
import { type ProviderAnswer, ProviderReplayServer } from "./provider-replay-server.ts";

const PAGES = new URL("../../../docs/recording/", import.meta.url);
const HERE = fileURLToPath(new URL("..", import.meta.url));

/** The examples of a section of a page, in their order. */
export function examplesOf(page: string, section: string): string[] {
  const sections = readFileSync(new URL(page, PAGES), "utf8").split(/^## /m);
  const text = sections.find((candidate) => candidate.startsWith(`${section}\n`));
  if (text === undefined) throw new Error(`The page has no section ${section}.`);
  return [...text.matchAll(/^( *)```ts\n([\s\S]*?)^ *```$/gm)].map(([, indent = "", code = ""]) =>
    code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
}

/** Runs a program as it stands, in a process of its own, against a provider and a server on the loopback. */
export async function runExample(code: string, ...answers: ProviderAnswer[]) {
  const ingest = await IngestServer.start();
  const provider = await ProviderReplayServer.start(...answers);
  const argv = ["--conditions=@shelflife/source", "--input-type=module-typescript", "--eval", code];
  const child = spawn(process.execPath, argv, {
    cwd: HERE,
    env: {
      ...process.env,
      SHELFLIFE_URL: ingest.url,
      SHELFLIFE_API_KEY: "key",
      PROVIDER_URL: provider.url,
      OPENAI_BASE_URL: provider.url,
      OPENAI_API_KEY: "key-of-openai",
      ANTHROPIC_BASE_URL: provider.url.replace(/\/v1$/, ""),
      ANTHROPIC_API_KEY: "key-of-anthropic",
    },
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  const [status] = (await once(child, "close")) as [number | null];
  await provider[Symbol.asyncDispose]();
  await ingest[Symbol.asyncDispose]();
  return { status, output, ingest };
}
