import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { ShelflifeClient } from "@shelflife/sdk";
import { chromium } from "playwright-core";

import { makeScratchFolder, removeScratchFolder } from "../../server/test/postgres/scratch-folder.ts";
import { startCommand, urlOf } from "../../server/test/process/server-process.ts";
import { CHROMIUM_LAUNCH, unpackChromium } from "../test/browser/chromium.ts";
import { type Demo, PICTURED_PAGES } from "./pages.ts";
import { takePictures } from "./take-pictures.ts";

/** Takes the pictures of the documentation: the real server with the demo in it, in a real browser. */
const { values, positionals } = parseArgs({
  options: { output: { type: "string" } },
  // Names of pages; all unless told.
  allowPositionals: true,
});
const output = values.output ?? fileURLToPath(new URL("../../../docs/screenshots", import.meta.url));
const pages = PICTURED_PAGES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
if (pages.length === 0) throw new Error(`There is no such page: ${positionals.join(", ")}.`);

interface DemoReport {
  readonly people: readonly { readonly email: string; readonly role: string; readonly key: string }[];
}

await using cleanUp = new AsyncDisposableStack();
execFileSync(process.execPath, [fileURLToPath(new URL("../build/main.ts", import.meta.url)), "--if-stale"]);
await unpackChromium();

const folder = makeScratchFolder();
cleanUp.defer(() => removeScratchFolder(folder));
const environment = {
  SHELFLIFE_DATA_DIR: folder,
  SHELFLIFE_HTTP_ADDRESS: "127.0.0.1:0",
  SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: "true",
};
const atEnd = (end: () => Promise<void>): void => cleanUp.defer(end);

async function run(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await startCommand(args, environment, atEnd).finished;
  if (status !== 0) throw new Error(`shelflife ${args[0]} failed: ${stderr}`);
  return stdout;
}

const url = await urlOf(startCommand(["serve"], environment, atEnd));
const demo = JSON.parse(await run("demo", "--json", "--url", url)) as DemoReport;
// So that there is a purge to be seen that had something to do.
await run("purge");

const keys = new Map(demo.people.map(({ email, key }) => [email, key]));
const chat = await findChat();

const browser = await chromium.launch(CHROMIUM_LAUNCH);
cleanUp.defer(() => browser.close());
mkdirSync(output, { recursive: true });
await takePictures({
  browser,
  url,
  pages,
  demo: { chat },
  keys,
  save: (name) => join(output, `${name}.png`),
});
process.stdout.write(`${pages.length * 2} pictures are in ${output}\n`);

/** A chat with messages of somebody who is no administrator, of which several finished runs are still there. */
async function findChat(): Promise<Demo["chat"]> {
  for (const { email, role, key } of demo.people) {
    if (role !== "member") continue;
    const client = new ShelflifeClient({ baseUrl: url, key });
    for (const { id } of await client.chats.list({ limit: 50 })) {
      const { messages } = await client.chats.listMessages(id);
      const runs = await client.listDebugRuns(id);
      if (messages.length > 1 && runs.length >= 3 && runs.every(({ status }) => status === "completed"))
        return { id, owner: email };
    }
  }
  throw new Error("The demo has made no chat with messages and three completed runs.");
}
