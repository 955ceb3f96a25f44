import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { onTestFinished } from "vitest";

import { until } from "../until.ts";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The real command in a process of its own. */
export interface CommandProcess {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Waits for a line on standard output and answers what the expression's first group matched. */
  waitFor(pattern: RegExp): Promise<string>;
  /** The same of what has been logged, on standard error. */
  waitForLog(pattern: RegExp): Promise<string>;
}

/**
 * Runs `shelflife` with these arguments; what the environment does not name is left out of it.
 *
 * @param atEnd is given what ends the process: at the end of the test, unless told.
 */
export function startCommand(
  args: readonly string[],
  environment: Record<string, string>,
  atEnd: (end: () => Promise<void>) => void = onTestFinished,
): CommandProcess {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("SHELFLIFE_")));
  const child = spawn(process.execPath, ["--conditions=@shelflife/source", MAIN, ...args], {
    env: { ...inherited, ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  let isClosed = false;
  const finished = once(child, "close").then(() => {
    isClosed = true;
    return { status: child.exitCode, stdout, stderr };
  });
  atEnd(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await finished;
  });
  const waitIn = async (read: () => string, pattern: RegExp): Promise<string> => {
    const find = (): RegExpExecArray | null => pattern.exec(read());
    // It may have ended before all that it said has come.
    await until(
      () => `"shelflife ${args.join(" ")}" says ${String(pattern)}; it said\n${stdout}\n${stderr}`,
      () => find() !== null || isClosed,
    );
    const match = find();
    if (match === null) throw new Error(`The process ended before it said ${String(pattern)}:\n${stderr}`);
    return match[1] ?? match[0];
  };
  return {
    child,
    finished,
    waitFor: (pattern) => waitIn(() => stdout, pattern),
    waitForLog: (pattern) => waitIn(() => stderr, pattern),
  };
}

export function runCommand(
  args: readonly string[],
  environment: Record<string, string>,
  input = "",
): Promise<Finished> {
  const { child, finished } = startCommand(args, environment);
  // Who has read enough does not read on.
  child.stdin?.on("error", () => undefined).end(input);
  return finished;
}

/** The server's base URL, once it listens. */
export function urlOf(server: CommandProcess): Promise<string> {
  return server.waitFor(/listening +(http:\S+)/);
}
