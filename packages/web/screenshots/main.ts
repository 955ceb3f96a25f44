import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { chromium } from "playwright-core";

import { makeScratchFolder, removeScratchFolder } from "../../server/test/postgres/scratch-folder.ts";
import { startCommand, urlOf } from "../../server/test/process/server-process.ts";
import { CHROMIUM_LAUNCH, unpackChromium } from "../test/browser/chromium.ts";
import { PICTURED_PAGES } from "./pages.ts";
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
  readonly people: readonly { readonly email: string; readonly key: string }[];
  readonly sample_chat: { readonly id: string; readonly owner: string };
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

const browser = await chromium.launch(CHROMIUM_LAUNCH);
cleanUp.defer(() => browser.close());
mkdirSync(output, { recursive: true });
await takePictures({
  browser,
  url,
  pages,
  demo: { chat: demo.sample_chat },
  keys: new Map(demo.people.map(({ email, key }) => [email, key])),
  save: (name) => join(output, `${name}.png`),
});
process.stdout.write(`${pages.length * 2} pictures are in ${output}\n`);
