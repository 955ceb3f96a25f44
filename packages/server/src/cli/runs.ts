import { open, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { DebugRunSummary } from "@shelflife/api-contract";
import { ShelflifeClient, ShelflifeError } from "@shelflife/sdk";
import type { Command } from "commander";

import { CodedError } from "../coded-error.ts";
import { print } from "./print.ts";
import { defaultServerUrl } from "./server-url.ts";

interface ServerOptions {
  readonly url?: string;
  readonly json?: boolean;
  readonly output?: string;
}

/**
 * What was recorded of one's own chats. Unlike the other commands these ask the server, with a key of the person whose
 * chats they are: whoever keeps the machine running has no business in what people said.
 */
export function addRunsCommand(program: Command): void {
  const runs = program
    .command("runs")
    .description("Look at the debug runs of your own chats, through the server, with your key in SHELFLIFE_API_KEY.");
  const url = ["--url <url>", "the running server (default: SHELFLIFE_URL, else the configured address)"] as const;
  runs
    .command("list")
    .description("The newest runs of a chat, at most 100.")
    .argument("<chat>", "the id of the chat")
    .option(...url)
    .option("--json", "print the runs as JSON")
    .action(async (chat: string, options: ServerOptions) => {
      const found = await ask(options, (client) => client.listDebugRuns(chat));
      print(found, options, () => (found.length === 0 ? "No runs are recorded." : found.map(describeRun).join("\n")));
    });
  runs
    .command("show")
    .description("One run with its steps; --json adds the payloads.")
    .argument("<chat>", "the id of the chat")
    .argument("<run>", "the id of the run")
    .option(...url)
    .option("--json", "print the run with its payloads as JSON")
    .action(async (chat: string, run: string, options: ServerOptions) => {
      if (options.json === true) {
        const whole = await ask(options, (client) => client.getDebugRun(chat, run));
        print(whole, options, () => "");
        return;
      }
      const { steps, ...summary } = await ask(options, (client) => client.getDebugRunSkeleton(chat, run));
      const lines = steps.map(
        (step) =>
          `  ${step.step_number}  ${step.operation}  ${step.status}  ${tokens(step.usage?.input_tokens, step.usage?.output_tokens)}  ${duration(step)}`,
      );
      print(steps, options, () => [describeRun(summary), ...lines].join("\n"));
    });
  runs
    .command("export")
    .description("A run, or the newest runs of a chat, with all payloads as one JSON document.")
    .argument("<chat>", "the id of the chat")
    .argument("[run]", "the id of one run; left out, the newest 100")
    .option(...url)
    .option("-o, --output <file>", "write to this file, which must not exist (default: standard output)")
    .action(exportRuns);
}

async function exportRuns(chat: string, run: string | undefined, options: ServerOptions): Promise<void> {
  const document = await ask(options, (client) =>
    run === undefined ? client.exportChatDebug(chat) : client.exportDebugRun(chat, run),
  );
  if (options.output === undefined) await writeToOutput(document);
  else await writeToFile(document, options.output);
}

/** To be called where it is read at once: an error of a stream that nobody listens to would end the process. */
function readable(document: ReadableStream<Uint8Array>): Readable {
  return Readable.fromWeb(document as Parameters<typeof Readable.fromWeb>[0]);
}

async function writeToOutput(document: ReadableStream<Uint8Array>): Promise<void> {
  try {
    await pipeline(readable(document), process.stdout, { end: false });
  } catch (error) {
    // What the output itself fails with is dealt with where all commands write to it.
    const isOfOutput = error instanceof Error && "syscall" in error && error.syscall === "write";
    if (!isOfOutput) throw exportFailed("standard output", error);
  }
}

/** Leaves the whole document behind, or nothing. */
async function writeToFile(document: ReadableStream<Uint8Array>, name: string): Promise<void> {
  const stopping = new AbortController();
  const stop = () => stopping.abort(new Error("it was interrupted"));
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    // What is exported is private: nobody else on the machine may read it.
    const file = await open(name, "wx", 0o600);
    try {
      await pipeline(readable(document), file.createWriteStream(), { signal: stopping.signal });
    } catch (error) {
      await rm(name, { force: true });
      throw stopping.signal.aborted ? stopping.signal.reason : error;
    }
  } catch (error) {
    throw exportFailed(name, error);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

function exportFailed(where: string, cause: unknown): CodedError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CodedError("export_failed", `The export could not be written to ${where}: ${reason}.`, { cause });
}

async function ask<T>(options: ServerOptions, call: (client: ShelflifeClient) => Promise<T>): Promise<T> {
  const key = process.env["SHELFLIFE_API_KEY"];
  if (key === undefined || key === "") {
    throw new CodedError("key_missing", "Set SHELFLIFE_API_KEY to a key of the person whose chats they are.");
  }
  const baseUrl = options.url ?? (process.env["SHELFLIFE_URL"] || defaultServerUrl());
  try {
    return await call(new ShelflifeClient({ baseUrl, key, userAgent: "shelflife-cli" }));
  } catch (error) {
    if (error instanceof ShelflifeError && error.code === "network") {
      throw new CodedError(error.code, `The server could not be reached at ${baseUrl}.`, { cause: error });
    }
    if (error instanceof ShelflifeError) throw new CodedError(error.code, error.message, { cause: error });
    if (error instanceof TypeError) throw new CodedError("validation_failed", error.message, { cause: error });
    throw error;
  }
}

function describeRun(run: DebugRunSummary): string {
  const { summary } = run;
  const label = summary.first_message ?? run.kind;
  const used = tokens(summary.total_input_tokens, summary.total_output_tokens);
  const line = [run.id, run.started_at, run.status, run.model ?? "-", used, duration(run), label].join("  ");
  // What models and people said may hold sequences that a terminal obeys.
  return line.replaceAll(/\p{Cc}/gu, "\uFFFD");
}

function tokens(input: number | undefined, output: number | undefined): string {
  return `${input ?? 0}→${output ?? 0} tok`;
}

function duration({ started_at, finished_at }: { started_at: string; finished_at?: string | undefined }): string {
  return finished_at === undefined ? "-" : `${(Date.parse(finished_at) - Date.parse(started_at)) / 1000} s`;
}
