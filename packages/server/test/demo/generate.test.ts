import { chatItemSchema, redactStepPayloads, runItemSchema, stepItemSchema } from "@shelflife/api-contract";
import { describe, expect, it } from "vitest";

import { DEMO_PEOPLE } from "../../src/demo/people.ts";
import { lastHeardOf } from "../../src/demo/recorded-run.ts";
import { generateChats, NOW, runsOf, SMALL } from "./whole-demo.ts";

const chats = generateChats();
const runs = runsOf(chats);
const steps = runs.flatMap((run) => run.steps);

const MS_PER_DAY = 86_400_000;

describe("the seed", () => {
  it("tells the same story whenever it is told", () => {
    expect(textOf(generateChats()) === textOf(chats)).toBe(true);
  });

  it("tells another story than another seed", () => {
    const others = new Set(generateChats({ ...SMALL, seed: "another" }).map(({ chat }) => chat.id));
    expect(chats.filter(({ chat }) => others.has(chat.id))).toEqual([]);
  });

  it.each([1, 7, 53])("makes exactly as many chats as it is asked for: %i", (wanted) => {
    expect(generateChats({ ...SMALL, chats: wanted })).toHaveLength(wanted);
  });

  it("repeats a day later what was over, to the letter, and goes on from there", () => {
    const later = runsOf(generateChats(SMALL, new Date(NOW.getTime() + MS_PER_DAY)));
    const laterById = new Map(later.map((run) => [run.run.id, run]));
    const known = new Set(later.map(({ run }) => run.chat_id));
    // The oldest chats give way to new ones, since their number stays the same; what is in progress is always new.
    const over = runs.filter(({ run }) => known.has(run.chat_id) && run.status !== "in_progress");
    expect(over.length).toBeGreaterThan(runs.length / 2);
    expect(over.filter((run) => textOf(laterById.get(run.run.id)) !== textOf(run))).toEqual([]);
    const newest = Math.max(...runs.map(lastHeardOf));
    expect(later.filter((run) => lastHeardOf(run) > newest).length).toBeGreaterThan(5);
  });
});

describe("time", () => {
  it("lets nothing happen in the future, down to the last attempt", () => {
    const times = JSON.stringify(chats).match(/\d{4}-\d\d-\d\dT[\d:.]+Z/g) ?? [];
    expect(times.length).toBeGreaterThan(1_000);
    expect(times.filter((time) => time > NOW.toISOString())).toEqual([]);
  });

  it("makes each id for the moment that it stands for", () => {
    const items = [...runs.map(({ run }) => run), ...steps];
    const wrong = items.filter(({ id, started_at }) => momentOf(id) !== Date.parse(started_at ?? ""));
    expect(wrong).toEqual([]);
    expect(chats.filter(({ chat }) => momentOf(chat.id) !== Date.parse(chat.created_at ?? ""))).toEqual([]);
  });

  it("lets steps follow one another within their run", () => {
    for (const { run, steps: ofRun } of runs) {
      const moments = ofRun.flatMap((step) => [step.started_at ?? "", step.finished_at ?? step.updated_at ?? ""]);
      expect(moments).toEqual(moments.toSorted());
      expect(moments[0]).toBe(run.started_at);
      expect(moments.at(-1)).toBe(run.updated_at);
    }
  });

  it("spreads over the weeks, so that some runs are past thirty days and some are not", () => {
    const expired = runs.filter((run) => lastHeardOf(run) < NOW.getTime() - 30 * MS_PER_DAY).length / runs.length;
    expect(expired).toBeGreaterThan(0.2);
    expect(expired).toBeLessThan(0.8);
    const oldest = Math.min(...runs.map(lastHeardOf));
    expect((NOW.getTime() - oldest) / MS_PER_DAY / 7).toBeGreaterThan(SMALL.weeks - 2);
  });

  it("leaves a few runs in progress at this moment", () => {
    const live = runs.filter(
      ({ run }) => run.status === "in_progress" && Date.parse(run.updated_at) > NOW.getTime() - 10_000,
    );
    expect(live.length).toBeGreaterThanOrEqual(3);
    const busy = new Set(chats.filter(({ chat }) => chat.status === "running").map(({ chat }) => chat.id));
    expect(new Set(live.map(({ run }) => run.chat_id))).toEqual(busy);
  });

  it.each([0, 2, 6])("holds at least 1,500 runs in its usual size, %i days further in the week", (days) => {
    const size = { seed: "shelflife", chats: 200, weeks: 8 };
    const usual = runsOf(generateChats(size, new Date(NOW.getTime() + days * MS_PER_DAY)));
    expect(usual.length).toBeGreaterThanOrEqual(1_500);
  });
});

describe("variety", () => {
  it("shows every kind of run and every way to end", () => {
    expect(new Set(runs.map(({ run }) => run.kind))).toEqual(
      new Set(["chat_turn", "title_generation", "quickgen", "compaction"]),
    );
    expect(new Set(runs.map(({ run }) => run.status))).toEqual(
      new Set(["completed", "error", "interrupted", "in_progress"]),
    );
  });

  it("shows several providers and models, child chats, and chats of every person", () => {
    expect(new Set(runs.map(({ run }) => run.provider)).size).toBeGreaterThanOrEqual(4);
    expect(new Set(runs.map(({ run }) => run.model)).size).toBeGreaterThanOrEqual(6);
    expect(new Set(chats.map(({ owner }) => owner))).toEqual(new Set(DEMO_PEOPLE.map(({ email }) => email)));
    const ids = new Map(chats.map((chat) => [chat.chat.id, chat]));
    const children = chats.filter(({ chat }) => chat.parent_chat_id !== undefined);
    expect(children.length).toBeGreaterThan(3);
    for (const { chat, owner } of children) {
      const parent = ids.get(chat.parent_chat_id ?? "");
      expect(parent?.owner).toBe(owner);
      expect(parent?.chat.parent_chat_id).toBeUndefined();
    }
  });

  it("has chats with long histories, and hardly ever says the same thing twice", () => {
    expect(Math.max(...chats.map(({ runs: ofChat }) => ofChat.length))).toBeGreaterThan(20);
    const answers = runs
      .filter(({ run }) => run.kind === "chat_turn" && run.status === "completed")
      .map(({ steps: ofRun }) => textOf(ofRun.at(-1)?.normalized_response?.["content"]));
    expect(new Set(answers).size).toBeGreaterThan(answers.length * 0.95);
    const titles = chats.map(({ chat }) => chat.title);
    expect(new Set(titles).size).toBeGreaterThan(titles.length * 0.6);
    expect(textOf(chats)).not.toMatch(SLOT);
  });

  it("retries a refused call as further attempts of its step", () => {
    const retried = steps.filter(({ status, attempts = [] }) => status === "completed" && attempts.length > 1);
    expect(retried.some(({ attempts }) => attempts?.[0]?.["response_status"] === 429)).toBe(true);
    for (const { attempts = [] } of retried) {
      expect(attempts.map((attempt) => attempt["number"])).toEqual(attempts.map((_, index) => index + 1));
      expect(attempts.at(-1)).toMatchObject({ status: "completed", response_status: 200 });
      for (const refused of attempts.slice(0, -1)) {
        expect(refused).toMatchObject({ status: "error", error: { retryable: true } });
        expect(refused["response_status"]).toBeGreaterThanOrEqual(429);
      }
    }
  });

  it("ends a failed call with its error and a cut stream in the middle of its text", () => {
    const failed = steps.filter(({ status }) => status === "error");
    expect(failed.length).toBeGreaterThan(5);
    for (const step of failed) {
      expect(step.error).toMatchObject({ message: expect.any(String), status_code: expect.any(Number) });
      expect(step.normalized_response).toBeUndefined();
    }
    const cut = steps.filter(({ status }) => status === "interrupted");
    expect(cut.length).toBeGreaterThan(5);
    for (const step of cut) {
      expect(step.normalized_response).toMatchObject({ content: [{ type: "text" }], finish_reason: "interrupted" });
      expect(step.usage).toBeUndefined();
    }
  });
});

describe("what the server is sent", () => {
  it("is valid item by item", () => {
    for (const { chat, runs: ofChat } of chats) {
      expect(chatItemSchema.safeParse(chat).error).toBeUndefined();
      for (const { run, steps: ofRun } of ofChat) {
        expect(runItemSchema.safeParse(run).error).toBeUndefined();
        for (const step of ofRun) expect(stepItemSchema.safeParse(step).error).toBeUndefined();
      }
    }
  });

  it("holds no secret and nothing that is too long, so that it is stored as it was sent", () => {
    expect(steps.filter((step) => textOf(redactStepPayloads(step)) !== textOf(step))).toEqual([]);
  });
});

/** A slot of a sentence that nothing was put into. Code has braces, too, but no names of ours in them. */
const SLOT =
  /\{(service|table|customer|file|version|ticket|region|host|colleague|day|count|many|percent|ms|minutes|amount|line)\}/;

/** Values of this size are compared by their text, which takes a tenth of the time. */
function textOf(value: unknown): string {
  return JSON.stringify(value) ?? "";
}

/** The milliseconds that a UUID version 7 begins with. */
function momentOf(id: string): number {
  expect(id[14]).toBe("7");
  return Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16);
}
