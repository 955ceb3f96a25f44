import { type Command, InvalidArgumentError } from "commander";

import { systemClock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import { checkServerRuns } from "../demo/check-server.ts";
import { describeDemo, demoToJson } from "../demo/describe-demo.ts";
import type { DemoOptions, DemoReport } from "../demo/run-demo.ts";
import { withDatabase } from "./command-context.ts";
import { print } from "./print.ts";
import { defaultServerUrl } from "./server-url.ts";

interface CommandOptions {
  readonly chats: number;
  readonly weeks: number;
  readonly seed: string;
  readonly url?: string;
  readonly key?: string;
  readonly json?: boolean;
}

export function addDemoCommand(program: Command): void {
  program
    .command("demo")
    .description(
      "Fill a running server with weeks of made-up chats and debug runs, some of them expired. Running it again with the same seed changes nothing and adds what has happened since.",
    )
    .option("--chats <number>", "how many chats", wholeNumber(1, 10_000), 200)
    .option("--weeks <number>", "over about how many weeks, back from now", wholeNumber(1, 520), 8)
    .option("--seed <text>", "another text tells another story", "shelflife")
    .option("--url <url>", "the running server (default: the configured address)")
    .option("--key <key>", "record with this key, for its owner alone, and leave the database alone")
    .option("--json", "print the report as JSON")
    .action(demo);
}

async function demo(options: CommandOptions): Promise<void> {
  const url = checkUrl(options.url ?? defaultServerUrl());
  const { chats, weeks, seed, key } = options;
  const demoOptions: DemoOptions = { url, size: { chats, weeks, seed }, clock: systemClock, output: process.stderr };
  // Before the database is opened: an embedded one would be started for nothing.
  await checkServerRuns(url);
  const report = key === undefined ? await forPeople(demoOptions) : await withKey(demoOptions, checkKey(key));
  print(demoToJson(report), options, () => describeDemo(report, url));
  if (Object.keys(report.refused).some((code) => code !== "gone")) process.exitCode = 1;
}

// What makes the chats up is loaded here, so that no other command has to load it.
async function withKey(options: DemoOptions, key: string): Promise<DemoReport> {
  const { runDemoWithKey } = await import("../demo/run-demo.ts");
  return runDemoWithKey(options, key);
}

async function forPeople(options: DemoOptions): Promise<DemoReport> {
  const { runDemoForPeople } = await import("../demo/run-demo.ts");
  const { accountOffice } = await import("./demo-accounts.ts");
  return withDatabase(({ access, store, signal }) =>
    runDemoForPeople({ ...options, signal }, accountOffice(store), access.description),
  );
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    return value;
  };
}

function checkUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new CodedError("validation_failed", "--url must be an http or https address without a user name.");
  }
  return text.replace(/\/+$/, "");
}

function checkKey(key: string): string {
  if (!/^[\x21-\x7e]+$/.test(key))
    throw new CodedError("validation_failed", "--key must be printable ASCII without spaces.");
  return key;
}
