#!/usr/bin/env node
// Starts the command line on the Node that it needs. The machine's own Node may be older, since Shelflife brings the right
// one along as a dependency; hence this file is plain JavaScript that an old Node can read.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const NEEDED_MAJOR = 24;

const node = findNode();
if (node === undefined) {
  console.error(
    `Shelflife needs Node ${NEEDED_MAJOR} or later, this is ${process.version}, and the one that npm installs is missing: run npm ci.`,
  );
  process.exitCode = 1;
} else {
  const commandLine = [
    ...process.execArgv,
    // The workspaces' packages are read as source, so that nothing has to be built first.
    "--conditions=@shelflife/source",
    fileURLToPath(new URL("../src/cli/main.ts", import.meta.url)),
    ...process.argv.slice(2),
  ];
  if (typeof process.execve === "function") {
    // The command line takes this process over, and receives its signals and gives its exit status by itself.
    process.execve(node, [node, ...commandLine], process.env);
  }
  runAsChild(node, commandLine);
}

/** @returns {string | undefined} */
function findNode() {
  if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) return process.execPath;
  try {
    const pinned = createRequire(import.meta.url).resolve("node/bin/node");
    return existsSync(pinned) ? pinned : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} node
 * @param {string[]} commandLine
 */
function runAsChild(node, commandLine) {
  const child = spawn(node, commandLine, { stdio: "inherit" });
  // What a terminal sends goes to both of us. Passed on as well, one Ctrl-C would arrive as two, and the second one means
  // "at once".
  const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal === "SIGTERM" || !terminal) child.kill(signal);
    });
  }
  child.on("error", (error) => {
    console.error(`Shelflife could not start ${node}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on("exit", (exitCode, signal) => {
    if (signal === null) {
      process.exitCode = exitCode ?? 1;
      return;
    }
    // Whoever started us has to see the same end that the child had.
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}
