import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test, type TestContext } from "vitest";

const LAUNCHER = join(import.meta.dirname, "..", "bin", "shelflife.js");
const MODULES = join(import.meta.dirname, "..", "..", "..", "node_modules");

/** What the launcher starts here instead of the real command line. It tells how it was started and what it receives. */
const COMMAND_LINE = `
  const [mode, ...rest]: string[] = process.argv.slice(2);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      console.log(signal);
      if (mode === "exit") process.exit(7);
      if (mode === "die") process.kill(process.pid, "SIGKILL");
    });
  }
  console.log(JSON.stringify({ node: Number.parseInt(process.versions.node), flags: process.execArgv, rest }));
  if (mode === "fail") process.exitCode = 3;
  else if (mode !== "return") setInterval(() => undefined, 60_000);
`;

/** The launcher in a tree like ours, with the modules that ours has, or with none. */
function installLauncher({ modules = true } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "shelflife-launcher-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "src", "cli"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "src", "cli", "main.ts"), COMMAND_LINE);
  cpSync(LAUNCHER, join(folder, "bin", "shelflife.js"));
  if (modules) symlinkSync(MODULES, join(folder, "node_modules"));
  return join(folder, "bin", "shelflife.js");
}

/** Node as an operator may have it on the machine: older than what Shelflife needs. */
function findOldNode(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "node"))
    .find((node) => {
      try {
        return Number.parseInt(execFileSync(node, ["-p", "process.versions.node"], { encoding: "utf8" })) < 24;
      } catch {
        return false;
      }
    });
}

const oldNode = findOldNode();
const nodes = { new: process.execPath, old: oldNode };

function nodeOf(age: keyof typeof nodes, { skip }: TestContext): string {
  skip(nodes[age] === undefined, "this machine has no Node older than 24");
  return nodes[age] ?? "";
}

function start(node: string, launcher: string, ...commandLine: string[]) {
  const child: ChildProcess = spawn(node, [launcher, ...commandLine], { stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => String((await lines.next()).value);
  return { child, nextLine, ended: once(child, "exit") as Promise<[number | null, string | null]> };
}

test("is executable", () => {
  expect(statSync(LAUNCHER).mode & 0o777).toBe(0o755);
});

test.for(["new", "old"] as const)("on a %s Node it runs the command line on Node 24", async (age, context) => {
  const launcher = installLauncher();
  const { nextLine, ended } = start(nodeOf(age, context), launcher, "return", "a b", "--flag=ü");
  const started = JSON.parse(await nextLine()) as { node: number; flags: string[]; rest: string[] };
  expect(started).toEqual({
    node: 24,
    flags: ["--conditions=@shelflife/source"],
    rest: ["a b", "--flag=ü"],
  });
  expect(await ended).toEqual([0, null]);
});

test.for(["new", "old"] as const)("on a %s Node it passes the exit status on", async (age, context) => {
  const { ended } = start(nodeOf(age, context), installLauncher(), "fail");
  expect(await ended).toEqual([3, null]);
});

test.for([
  ["new", "SIGINT"],
  ["new", "SIGTERM"],
  ["old", "SIGINT"],
  ["old", "SIGTERM"],
  ["old", "SIGHUP"],
] as const)("on a %s Node %s arrives, and the command line ends as it likes", async ([age, signal], context) => {
  const { child, nextLine, ended } = start(nodeOf(age, context), installLauncher(), "exit");
  await nextLine();
  child.kill(signal);
  expect(await nextLine()).toBe(signal);
  expect(await ended).toEqual([7, null]);
});

test.for(["new", "old"] as const)("on a %s Node a death by signal shows as one", async (age, context) => {
  const { child, nextLine, ended } = start(nodeOf(age, context), installLauncher(), "die");
  await nextLine();
  child.kill("SIGTERM");
  expect(await ended).toEqual([null, "SIGKILL"]);
});

test("without the Node that npm installs an old one says what is missing", async (context) => {
  const node = nodeOf("old", context);
  const { child, ended } = start(node, installLauncher({ modules: false }), "return");
  const [message] = (await once(child.stderr!, "data")) as [Buffer];
  expect(message.toString()).toMatch(/^Shelflife needs Node 24 or later.*npm ci\.\n$/);
  expect(await ended).toEqual([1, null]);
});

test("the command that npm links shows its version and its help", () => {
  const command = join(MODULES, ".bin", "shelflife");
  expect(execFileSync(command, ["--version"], { encoding: "utf8" })).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(execFileSync(command, ["--help"], { encoding: "utf8" })).toContain("Usage: shelflife");
});
