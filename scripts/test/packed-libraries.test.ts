import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

/** What the libraries and the application below need from elsewhere; it is linked, so that no registry is asked. */
const FROM_ELSEWHERE = [
  "zod",
  "uuid",
  "ai",
  "@ai-sdk",
  "@opentelemetry",
  "@langchain",
  "@types",
  "@workflow",
  "@standard-schema",
  "undici-types",
  "json-schema",
  "eventsource-parser",
];

/** An application as one outside of this repository would write it. */
const APPLICATION = `
import { RETENTION_SETTINGS } from "@shelflife/api-contract";
import { ShelflifeClient, ShelflifeError } from "@shelflife/sdk";
import { inChat, shelflifeRecorder } from "@shelflife/recorder";
import { shelflifeFetch } from "@shelflife/recorder/fetch";
import { ShelflifeCallbackHandler } from "@shelflife/recorder/langchain";

const recordingFetch: typeof fetch = shelflifeFetch({ baseUrl: "http://127.0.0.1:9", key: "key" });
const handler = new ShelflifeCallbackHandler({ baseUrl: "http://127.0.0.1:9", key: "key" });
const client: ShelflifeClient = new ShelflifeClient({ baseUrl: "http://127.0.0.1:9", key: "key" });
const recorder = shelflifeRecorder({ baseUrl: "http://127.0.0.1:9", key: "key" });
const { runtimeContext } = inChat({ chatId: "chat" });
let code = "none";
try {
  await client.getDebugRetentionDays();
} catch (error) {
  if (error instanceof ShelflifeError) code = error.code;
}
console.log(JSON.stringify({ code, chatId: runtimeContext.shelflife.chatId, queued: recorder.stats().queued, handler: handler.name, fetch: typeof recordingFetch, field: RETENTION_SETTINGS["debug-retention-days"].field }));
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "shelflife-packed-"));
  await run("npm", ["run", "build"], { cwd: ROOT });
  for (const name of ["api-contract", "sdk", "recorder"]) {
    const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], {
      cwd: join(ROOT, "packages", name),
    });
    const target = join(folder, "node_modules", "@shelflife", name);
    await mkdir(target, { recursive: true });
    const file = /"filename": "([^"]+)"/.exec(stdout)?.[1]?.replace("@shelflife/", "shelflife-") ?? "";
    await run("tar", ["-xzf", join(folder, file), "-C", target, "--strip-components=1"]);
  }
  for (const name of FROM_ELSEWHERE) {
    await symlink(join(ROOT, "node_modules", name), join(folder, "node_modules", name)).catch(() => undefined);
  }
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  await writeFile(join(folder, "application.ts"), APPLICATION);
  const compilerOptions = {
    module: "nodenext",
    target: "es2024",
    lib: ["es2024", "dom"],
    types: ["node"],
    strict: true,
    outDir: "out",
    skipLibCheck: true,
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["application.ts"] }));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

it("the packed libraries are typed, hold JavaScript alone, and work in a project that has nothing else of ours", async () => {
  await run(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), "-p", folder]);
  const { stdout } = await run(process.execPath, [join(folder, "out/application.js")]);
  expect(JSON.parse(stdout)).toEqual({
    code: "network",
    chatId: "chat",
    queued: 0,
    handler: "shelflife",
    fetch: "function",
    field: "debug_retention_days",
  });
});

it("a packed library leaves its source and its tests at home", async () => {
  const { stdout } = await run("find", [join(folder, "node_modules", "@shelflife"), "-type", "f"]);
  const files = stdout
    .trim()
    .split("\n")
    .map((file) => file.slice(folder.length));
  expect(files.length).toBeGreaterThan(30);
  expect(files.filter((file) => !/\/(dist\/.+\.(js|d\.ts)|package\.json|README\.md|LICENSE)$/.test(file))).toEqual([]);
});
