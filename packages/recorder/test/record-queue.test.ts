import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type Batch, type RecordItem, RecordQueue } from "../src/record-queue.ts";

const CHAT = "01990000-0000-7000-8000-00000000c4a7";
const ROOMY = { maxItems: 1000, maxBytes: 1_000_000, maxBatchBytes: 1_000_000 };

const chat = (id = CHAT): RecordItem => ({ kind: "chat", value: { id } });
const run = (id: string, fields: object = {}): RecordItem => ({ kind: "run", value: { id, chat_id: CHAT, ...fields } });
const step = (id: string, runId: string, fields: object = {}): RecordItem => ({
  kind: "step",
  value: { id, run_id: runId, chat_id: CHAT, ...fields },
});

/** A step of about this many bytes. */
const large = (id: string, runId: string, bytes: number): RecordItem =>
  step(id, runId, { metadata: { text: "x".repeat(bytes) } });

describe("merging", () => {
  it("merges a later version of a waiting item into it, field by field", () => {
    const queue = new RecordQueue(ROOMY);
    queue.push("r1", step("s1", "r1", { status: "in_progress", normalized_request: { messages: [] } }));
    queue.push("r1", step("s1", "r1", { status: "completed" }));
    expect(queue.items).toBe(1);
    expect(queue.take(1)?.body.steps).toEqual([
      { id: "s1", run_id: "r1", chat_id: CHAT, status: "completed", normalized_request: { messages: [] } },
    ]);
  });

  it("does not touch an item that is on its way", () => {
    const queue = new RecordQueue(ROOMY);
    queue.push("r1", run("r1", { status: "in_progress" }));
    const first = queue.take(1);
    queue.push("r1", run("r1", { status: "completed" }));
    expect(first?.body.runs).toMatchObject([{ status: "in_progress" }]);
    expect(queue.items).toBe(2);
    expect(queue.take(1)?.body.runs).toMatchObject([{ status: "completed" }]);
  });

  it("sends a chat once, however many runs of a batch bring it", () => {
    const queue = new RecordQueue(ROOMY);
    for (const id of ["r1", "r2"]) {
      queue.push(id, chat());
      queue.push(id, run(id));
    }
    expect(queue.take(10_000)?.body.chats).toEqual([{ id: CHAT }]);
  });
});

describe("bounds", () => {
  it("drops the run that has waited longest, whole, when there are too many items", () => {
    const queue = new RecordQueue({ ...ROOMY, maxItems: 4 });
    queue.push("r1", run("r1"));
    queue.push("r1", step("s1", "r1"));
    queue.push("r2", run("r2"));
    expect(queue.push("r2", step("s2", "r2"))).toBe(0);
    expect(queue.push("r3", run("r3"))).toBe(2);
    expect(queue.take(10_000)?.body).toMatchObject({ runs: [{ id: "r2" }, { id: "r3" }], steps: [{ id: "s2" }] });
  });

  it("keeps the run that an item has just come for, even where that is the oldest", () => {
    const queue = new RecordQueue({ ...ROOMY, maxItems: 3 });
    queue.push("r1", run("r1"));
    queue.push("r2", run("r2"));
    queue.push("r3", run("r3"));
    expect(queue.push("r1", step("s1", "r1"))).toBe(1);
    expect(queue.take(10_000)?.body).toMatchObject({ runs: [{ id: "r1" }, { id: "r3" }], steps: [{ id: "s1" }] });
  });

  it("drops by bytes too", () => {
    const queue = new RecordQueue({ ...ROOMY, maxBytes: 3000 });
    queue.push("r1", large("s1", "r1", 1200));
    queue.push("r2", large("s2", "r2", 1200));
    expect(queue.push("r3", large("s3", "r3", 1200))).toBe(1);
    expect(queue.waitingBytes).toBeLessThanOrEqual(3000);
  });

  it("drops an item that has no room even alone", () => {
    const queue = new RecordQueue({ ...ROOMY, maxBytes: 1000 });
    expect(queue.push("r1", large("s1", "r1", 2000))).toBe(1);
    expect(queue).toMatchObject({ items: 0, waitingBytes: 0 });
  });

  it("counts what is on its way until it is settled", () => {
    const queue = new RecordQueue({ ...ROOMY, maxItems: 2 });
    queue.push("r1", run("r1"));
    queue.push("r2", run("r2"));
    const batch = queue.take(10_000);
    expect(queue.push("r3", run("r3"))).toBe(1);
    if (batch) queue.settle(batch);
    expect(queue.push("r3", run("r3"))).toBe(0);
  });
});

describe("batches", () => {
  it("takes whole runs up to the size and leaves the others", () => {
    const queue = new RecordQueue(ROOMY);
    for (const id of ["r1", "r2", "r3"]) queue.push(id, large(`s-${id}`, id, 1000));
    expect(queue.take(2500)?.body.steps?.map(({ id }) => id)).toEqual(["s-r1", "s-r2"]);
    expect(queue.take(2500)?.body.steps?.map(({ id }) => id)).toEqual(["s-r3"]);
    expect(queue.take(2500)).toBeUndefined();
  });

  it("keeps a run together even above the size, up to the limit of a request", () => {
    const queue = new RecordQueue({ ...ROOMY, maxBatchBytes: 2500 });
    for (const id of ["s1", "s2", "s3"]) queue.push("r1", large(id, "r1", 1000));
    expect(queue.take(100)?.body.steps?.map(({ id }) => id)).toEqual(["s1", "s2"]);
    expect(queue.take(100)?.body.steps?.map(({ id }) => id)).toEqual(["s3"]);
  });
});

interface Push {
  type: "push";
  run: number;
  step: number | undefined;
  bytes: number;
}

const push: fc.Arbitrary<Push> = fc.record({
  type: fc.constant("push" as const),
  run: fc.nat(4),
  step: fc.option(fc.nat(2), { nil: undefined }),
  bytes: fc.nat(400),
});
const action = fc.oneof(
  { weight: 4, arbitrary: push },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("take" as const), bytes: fc.integer({ min: 1, max: 2000 }) }) },
);

describe("whatever is pushed and taken, in whatever order", () => {
  it("keeps its bounds, counts every item once, sends no step before its run and no version before an older one", () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), fc.constantFrom(700, 2000, 100_000), (actions, maxBytes) => {
        const queue = new RecordQueue({ maxItems: 12, maxBytes, maxBatchBytes: 1500 });
        const lost = new Set<string>();
        const sent: Batch[] = [];
        let version = 0;
        let dropped = 0;
        for (const next of actions) {
          if (next.type === "take") {
            const batch = queue.take(next.bytes);
            if (batch) {
              sent.push(batch);
              queue.settle(batch);
            }
            continue;
          }
          // As the recorder does it: the run always comes along with its step.
          version += 1;
          const runId = `run-${next.run}`;
          const items = [run(runId, { metadata: { version } }), large(`${runId}-step-${next.step}`, runId, next.bytes)];
          for (const item of next.step === undefined ? items.slice(0, 1) : items) {
            Object.assign(item.value, { version });
            const droppedNow = queue.push(runId, item);
            dropped += droppedNow;
            if (droppedNow > 0) lost.add(runId);
            expect(queue.items).toBeLessThanOrEqual(12);
            expect(queue.waitingBytes).toBeLessThanOrEqual(maxBytes);
          }
        }
        for (let batch = queue.take(1500); batch; batch = queue.take(1500)) {
          sent.push(batch);
          queue.settle(batch);
        }
        expect(queue).toMatchObject({ items: 0, waitingItems: 0, waitingBytes: 0 });
        if (dropped === 0) expect(lost.size).toBe(0);
        const versions = new Map<string, number>();
        const known = new Set<string>();
        for (const { body, items } of sent) {
          const all = [...(body.runs ?? []), ...(body.steps ?? [])] as unknown as { id: string; version: number }[];
          expect(items).toBe(all.length);
          for (const { id, version: sentVersion } of all) {
            expect(sentVersion).toBeGreaterThanOrEqual(versions.get(id) ?? 0);
            versions.set(id, sentVersion);
          }
          for (const { id } of body.runs ?? []) known.add(id);
          for (const { run_id } of body.steps ?? []) if (!lost.has(run_id)) expect(known).toContain(run_id);
        }
      }),
    );
  });
});
