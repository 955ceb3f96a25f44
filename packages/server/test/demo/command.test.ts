import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { join } from "node:path";

import { expect, it, onTestFinished } from "vitest";

import { FakeClock } from "../fake-clock.ts";
import { createTestDatabase } from "../postgres/test-database.ts";
import { serveApp } from "./served-app.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");

/** The command as it is typed, in a process of its own. */
async function demo(options: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, ["--conditions=@shelflife/source", MAIN, "demo", ...options], {
    env: {
      PATH: process.env["PATH"],
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"],
      ...environment,
    },
  });
  const [status, stdout, stderr] = await Promise.all([
    new Promise<number | null>((resolve) => child.on("close", resolve)),
    text(child.stdout),
    text(child.stderr),
  ]);
  return { status, stdout, stderr };
}

it("fills a server in one command, and prints the report as JSON on standard output alone", async () => {
  const database = await createTestDatabase();
  // The command lives at the machine's time, and so must the server that it fills.
  const server = await serveApp({ chats: 2, testDatabase: database, clock: new FakeClock(new Date()) });
  onTestFinished(server.close);
  const options = ["--url", server.url, "--chats", "2", "--weeks", "1", "--seed", "command", "--json"];
  const { status, stdout, stderr } = await demo(options, { SHELFLIFE_DATABASE_URL: database.url });
  expect({ status, failure: status === 0 ? "" : stderr }).toEqual({ status: 0, failure: "" });
  const person = { key: expect.stringMatching(/^slf_/), password: expect.stringMatching(/^.{16}$/) };
  expect(JSON.parse(stdout)).toMatchObject({ chats: 2, refused: {}, people: [person, person, person, person] });
  expect(stderr).toContain("the server's set-up link is worthless from now on");
});

it.each([
  ["no server", ["--url", "http://127.0.0.1:1"], /^shelflife: No server answers at http:\/\/127\.0\.0\.1:1: start one/],
  ["an address that is none", ["--url", "ftp://x"], /^shelflife: --url must be an http or https address/],
])("leaves with one line and status 1: %s", async (_case, options, line) => {
  const { status, stdout, stderr } = await demo(options, { SHELFLIFE_DATA_DIR: "/nonexistent/never-opened" });
  expect(status).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(line);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});

it.each(["0", "-1", "2.5", "many", "10001"])("refuses %s as the number of chats", async (chats) => {
  const { status, stderr } = await demo(["--chats", chats]);
  expect(status).toBe(1);
  expect(stderr).toContain("whole number from 1 to 10000");
});
