import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { examineDeployment } from "../../src/cli/doctor-checks.ts";
import type { CommandContext } from "../../src/cli/command-context.ts";
import { readConfig } from "../../src/config.ts";
import { createTestApp } from "../test-app.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");

beforeEach(() => {
  // The machine's own clock is what the doctor looks at.
  vi.useFakeTimers({ toFake: ["Date"], now: NOW });
  vi.stubEnv("SHELFLIFE_HTTP_ADDRESS", "127.0.0.1:1");
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** What the doctor finds where the database reads its clock like this. */
async function clocksFound(readDatabaseTime: () => Date): Promise<unknown> {
  const { store } = await createTestApp();
  const context = {
    access: { description: "PostgreSQL" },
    config: readConfig({}),
    store: { ...store, readDatabaseTime: () => Promise.resolve(readDatabaseTime()) },
  };
  const findings = await examineDeployment(context as unknown as CommandContext);
  return findings.find(({ name }) => name === "clocks");
}

it("counts as no difference what the database takes to answer, before it reads its clock or after", async () => {
  const found = await clocksFound(() => {
    vi.setSystemTime(NOW.getTime() + 10_000);
    const read = new Date();
    vi.setSystemTime(NOW.getTime() + 30_000);
    return read;
  });
  expect(found).toMatchObject({ status: "ok", message: "this machine and the database differ by 0.0 s" });
});

it.each([
  [299_000, "ok", "this machine and the database differ by 299.0 s"],
  [-299_000, "ok", "this machine and the database differ by 299.0 s"],
  [
    301_000,
    "failed",
    "this machine and the database differ by 301.0 s; nothing is purged until they agree within 5 minutes",
  ],
  [
    -301_000,
    "failed",
    "this machine and the database differ by 301.0 s; nothing is purged until they agree within 5 minutes",
  ],
])("sees a database that is %i ms ahead", async (ahead, status, message) => {
  expect(await clocksFound(() => new Date(NOW.getTime() + ahead))).toMatchObject({ status, message });
});
