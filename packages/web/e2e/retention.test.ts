import { readFileSync } from "node:fs";

import type { Page } from "playwright-core";
import { beforeAll, expect, it, onTestFinished } from "vitest";

import { completeRun } from "../../server/test/debug-batches.ts";
import { expectAccessibleEverywhere, WIDE } from "./accessibility.ts";
import { type Account, serveShelflife } from "./served-shelflife.ts";

const BATCH_SIZE = 100;

const shelflife = serveShelflife({
  SHELFLIFE_PURGE_GRACE: "7d",
  SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: "true",
  // How fast the purge drains is what the test lets it, and nothing else.
  SHELFLIFE_PURGE_BATCH_SIZE: String(BATCH_SIZE),
  SHELFLIFE_PURGE_BATCH_MS: "10000",
  SHELFLIFE_PURGE_DUTY_PERCENT: "100",
});

/** Expired runs. */
const MANY = 1_500;

let owner: Account;
let auditor: Account;
let chatId: string;

beforeAll(async () => {
  [owner, auditor] = await Promise.all([shelflife.createAccount("owner"), shelflife.createAccount("auditor")]);
  const { run, step } = completeRun();
  await shelflife.client(owner).recordDebugBatch({ runs: [run], steps: [step] });
  chatId = run.chat_id;
  // The default is a window that is applied for the first time, which waits as well.
  await shelflife.client(owner).retention.waiveGrace("debug-retention-days");
  await shelflife.database.pool.query("UPDATE chat_debug_runs SET updated_at = updated_at - interval '10 days'");
});

function policy(page: Page, name: string) {
  return page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
}

it("a shorter window waits for its grace period, until an owner waives it", async () => {
  const page = await shelflife.openPage("/lifecycle", { as: owner, viewport: WIDE });
  const form = page.getByRole("form", { name: "Chat debug data retention" });
  await form.getByRole("textbox").fill("7");
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Save 7 days" }).click();
  await form.getByText("Until then 30 days apply; the new window applies in 7 days").waitFor();

  const watching = await shelflife.openPage("/retention", { as: auditor, viewport: WIDE });
  await watching.getByText("7 d, which owners may waive").waitFor();
  await policy(watching, "debug-runs").getByText("waits for its grace period, due in 7 days").waitFor();
  expect(await watching.getByRole("button", { name: /Apply now/ }).count()).toBe(0);

  await page.getByRole("link", { name: "Retention" }).click();
  await policy(page, "debug-runs").getByRole("button", { name: "Apply now: debug-retention-days" }).click();
  const question = page.getByRole("dialog", { name: "Apply the new window now?" });
  await question.getByText("The next purge goes by 7 days instead of 30 days").waitFor();
  await expectAccessibleEverywhere(page);
  await question.getByRole("button", { name: "Cancel" }).click();
  await question.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Run now" }).click();
  await policy(page, "debug-runs").getByText("0 of 0").waitFor();
  expect(await shelflife.client(owner).listDebugRuns(chatId)).toHaveLength(1);

  await policy(page, "debug-runs").getByRole("button", { name: "Apply now: debug-retention-days" }).click();
  await question.getByRole("button", { name: "Apply now" }).click();
  await policy(page, "debug-runs").getByText("waits for its grace period").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Run now" }).click();
  await policy(page, "debug-runs").getByText("1 of 1").waitFor();
  expect(await shelflife.client(owner).listDebugRuns(chatId)).toEqual([]);
});

/**
 * Has each batch of the purge wait, once at most so many runs are left, until what is returned is called.
 *
 * @param gate names it among others
 */
async function closeGate(gate: number, left: number): Promise<() => Promise<void>> {
  const keeper = await shelflife.database.pool.connect();
  onTestFinished(() => keeper.release(true));
  await keeper.query(`SELECT pg_advisory_lock(${gate})`);
  // A batch gives up waiting for a lock after two seconds, and this wait is none of its own.
  await keeper.query(`
    CREATE FUNCTION wait_at_gate_${gate}() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
    BEGIN
      IF (SELECT count(*) FROM chat_debug_runs) <= ${left} THEN
        PERFORM pg_advisory_xact_lock_shared(${gate});
      END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER gate_${gate} BEFORE DELETE ON chat_debug_runs EXECUTE FUNCTION wait_at_gate_${gate}()`);
  return async () => {
    await keeper.query(`SELECT pg_advisory_unlock(${gate})`);
  };
}

it("a purge at work shows how far it is, and what it has done once it is through", async () => {
  await shelflife.database.pool.query(
    `INSERT INTO chat_debug_runs (chat_id, status, started_at, updated_at, finished_at)
     SELECT $1, 'completed', old, old, old FROM generate_series(1, $2), (SELECT now() - interval '40 days' AS old) AS age`,
    [chatId, MANY],
  );
  // How far it is goes by the planner's estimate of what is left.
  await shelflife.database.pool.query("ANALYZE chat_debug_runs");
  const openFirst = await closeGate(1, MANY - 2 * BATCH_SIZE);
  const openSecond = await closeGate(2, MANY - 8 * BATCH_SIZE);
  const page = await shelflife.openPage("/retention", { as: owner, viewport: WIDE });
  await page.getByRole("button", { name: "Run now" }).click();
  const progress = page.getByRole("progressbar", { name: "Progress of debug-runs" });
  await policy(page, "debug-runs").getByText("200 so far").waitFor();
  await page.getByText("running now").waitFor();
  expect(await page.getByRole("button", { name: "Run now" }).isDisabled()).toBe(true);
  // It moves, and is not at its end before the purge is.
  const read = async () => Number(await progress.getAttribute("aria-valuenow"));
  const first = await read();
  expect(first).toBeGreaterThan(0);
  // Somebody else looks while it is at work.
  const late = await shelflife.openPage("/retention", { as: auditor, viewport: WIDE });
  await policy(late, "debug-runs").getByText("200 so far").waitFor();
  await late.getByText("201 records in the last 14 days: debug runs 201.").waitFor();
  await openFirst();
  await policy(page, "debug-runs")
    .getByText(/^[89]\d\d so far$/)
    .waitFor();
  const second = await read();
  expect(second).toBeGreaterThan(first);
  expect(second).toBeLessThan(90);
  await openSecond();
  await policy(page, "debug-runs").getByText("1,500 of 1,500").waitFor();
  // The picture of the day and the ledger follow by themselves.
  for (const watched of [page, late]) {
    await watched.getByText("1,501 records in the last 14 days: debug runs 1,501.").waitFor();
  }
  const ledger = page.getByRole("region", { name: "Ledger", exact: true }).first();
  await ledger.getByRole("cell", { name: "1,500" }).waitFor();

  await page.getByRole("combobox", { name: "Policy" }).click();
  await page.getByRole("option", { name: "debug-runs" }).click();
  await ledger.getByText("archived-chats").first().waitFor({ state: "detached" });
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "CSV" }).click();
  const [head = "", ...rows] = readFileSync(await (await download).path(), "utf8")
    .trim()
    .split(/\r?\n/);
  const column = head.split(",").indexOf("policy");
  expect(rows.length).toBeGreaterThan(2);
  expect(new Set(rows.map((row) => row.split(",")[column]))).toEqual(new Set(["debug-runs"]));
});
