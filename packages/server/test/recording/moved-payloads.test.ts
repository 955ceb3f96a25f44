import { randomUUID } from "node:crypto";

import { expect, it } from "vitest";

import { runItem } from "../debug-batches.ts";
import { createTestApp } from "../test-app.ts";
import { message, SentPayloads } from "./stored-payloads.ts";

const DAY = 86_400_000;
const quiet = new AbortController().signal;

it("payloads of a step that lie in two partitions of one day are merged when they are moved, and read back whole", async () => {
  const app = await createTestApp();
  const user = await app.createUser();
  const started_at = new Date(app.clock.now().getTime() - 40 * DAY).toISOString();
  const sent = new SentPayloads(app, user, runItem({ status: "in_progress", started_at }));
  const history = ["first", "second", "third", "fourth"].map((words) => message(words));
  const request = (messages: number): Record<string, unknown> => ({
    messages: history.slice(0, messages),
    options: { temperature: 0 },
  });

  await sent.sendTogether([{ number: 1, status: "in_progress", normalized_request: request(2) }]);
  const partition = (await app.store.listPayloadPartitions()).find(({ to }) => to.toISOString() > started_at);
  if (partition === undefined) throw new Error("The batch made no partition.");
  await app.store.detachPayloadPartition(partition);
  // What is sent now finds no partition, and a new one is made for the same day.
  await sent.sendTogether([
    { number: 1, normalized_response: { content: message("answer")["parts"] } },
    { number: 2, normalized_request: request(4) },
  ]);

  const ledgerId = await app.store.openLedgerRow({
    tickId: randomUUID(),
    policy: "debug-payloads",
    recordType: "",
    replica: "",
  });
  const moved = await app.store.keepLivePayloads({
    partition: { ...partition, state: "detached" },
    limit: 10,
    ledgerId,
    signal: quiet,
  });
  expect(moved).toEqual({ runs: 1 });
  expect(await sent.differences()).toEqual([]);
  const { rows } = await app.pool.query("SELECT DISTINCT recorded_at::text FROM chat_debug_payloads");
  expect(rows).toEqual([{ recorded_at: "infinity" }]);
});
