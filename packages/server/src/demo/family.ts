import type { DebugBatch } from "@shelflife/api-contract";

import { ChatSimulation, type ChatCharacter, type Delegation } from "./chat-simulation.ts";
import { chooseFacts } from "./facts.ts";
import type { Outcome } from "./model-call.ts";
import { momentId } from "./moment-id.ts";
import { DEMO_PEOPLE } from "./people.ts";
import { chooseProvider } from "./providers.ts";
import type { Random } from "./random.ts";
import { lastHeardOf, type RecordedRun } from "./recorded-run.ts";
import { pauseBeforeNextTurn, type PlannedFamily } from "./timeline.ts";
import { TOPICS } from "./topics/topic-list.ts";

export type ChatItem = NonNullable<DebugBatch["chats"]>[number];

/** A chat with everything that was recorded of it. */
export interface RecordedChat {
  readonly chat: ChatItem;
  /** The e-mail address of the person whose chat it is. */
  readonly owner: string;
  /** In the order in which they began. */
  readonly runs: readonly RecordedRun[];
}

/** Whatever would have ended later than this long ago has not been recorded yet; it leaves room for what is under way. */
const SETTLED_MS = 5 * 60_000;

/** Writes a family: the root first, then its children. A live one has a turn in progress at this very moment. */
export function recordFamily(family: PlannedFamily, { now, live }: { now: Date; live: boolean }): RecordedChat[] {
  const random = family.random.fork("root");
  const owner = random.weighted(DEMO_PEOPLE.map((person) => [person.share, person.email]));
  const wantsChildren = family.chats > 1;
  const topic = random.pick(wantsChildren ? TOPICS.filter(({ tools }) => tools.length > 0) : TOPICS);
  const chatId = momentId(family.startedAt, random);
  const character: ChatCharacter = { chatId, topic, facts: chooseFacts(random), ...chooseProvider(random) };
  const simulation = new ChatSimulation(character, { delegates: wantsChildren });
  const { title, question } = simulation.writer.beginning(random);
  const children: RecordedChat[] = [];
  const delegate: Delegation = (task, startedAt) => {
    const played = Array.from({ length: family.chats - 1 }, (_, index) =>
      recordChild(character, { task, startedAt: startedAt + index * 400, owner }, random.fork(`child ${index}`)),
    );
    children.push(...played.map(({ chat }) => chat));
    return {
      answer: played.map(({ answer }) => answer).join("\n\n"),
      endedAt: Math.max(...played.map(({ endedAt }) => endedAt)),
    };
  };

  const runs = settledRuns(simulation, {
    random,
    title,
    question,
    startedAt: family.startedAt,
    settledBefore: now.getTime() - SETTLED_MS,
    delegate: wantsChildren ? delegate : undefined,
  });
  if (live) runs.push(liveRun(simulation, { random, now, callsTools: topic.tools.length > 0 }));
  const last = runs.at(-1);
  const status = live ? "running" : last?.run.status === "error" ? "error" : "waiting";
  const chat = chatItem({ id: chatId, title, status, startedAt: family.startedAt, runs, team: topic.team });
  return [{ chat, owner, runs }, ...children];
}

/** All runs of a chat that are over, in the order in which they began. */
function settledRuns(
  simulation: ChatSimulation,
  story: {
    random: Random;
    title: string;
    question: string;
    startedAt: number;
    settledBefore: number;
    delegate: Delegation | undefined;
  },
): RecordedRun[] {
  const { title, settledBefore, delegate } = story;
  const turns = turnCount(story.random.fork("turns"));
  const runs: RecordedRun[] = [];
  const keep = (run: RecordedRun): boolean => {
    const settled = lastHeardOf(run) < settledBefore;
    if (settled) runs.push(run);
    return settled;
  };

  let moment = story.startedAt;
  let before: "completed" | "error" | "interrupted" = "completed";
  for (let number = 1; number <= turns; number += 1) {
    const random = story.random.fork(`turn ${number}`);
    const question = number === 1 ? story.question : simulation.writer.followUp(random, before);
    const delegates = number === 1 && delegate !== undefined;
    const outcome = delegates ? "completed" : chooseOutcome(random);
    const calls = Math.max(delegates ? 2 : 1, callCount(simulation, random));
    const turn = simulation.turn(
      { question, startedAt: moment, calls, outcome, ...(delegates && { delegate }) },
      random,
    );
    if (!keep(turn)) break;
    if (number === 1) keep(simulation.title(title, question, moment + random.integer(5, 60), random));
    before = outcome === "in_progress" ? "interrupted" : outcome;
    moment = lastHeardOf(turn);
    if (outcome === "completed" && random.chance(0.08)) {
      const suggestions = simulation.suggestions(moment + random.integer(20, 200), random);
      if (!keep(suggestions)) break;
      moment = lastHeardOf(suggestions);
    }
    moment += pauseBeforeNextTurn(random);
    if (simulation.needsCompaction) {
      const compaction = simulation.compaction(moment, random);
      if (!keep(compaction)) break;
      moment = lastHeardOf(compaction) + random.integer(50, 500);
    }
  }
  return runs.toSorted((a, b) => ((a.run.started_at ?? "") < (b.run.started_at ?? "") ? -1 : 1));
}

/** A turn that began a moment ago and goes on. Each run of the demo leaves new ones, since it is always now. */
function liveRun(
  simulation: ChatSimulation,
  { random, now, callsTools }: { random: Random; now: Date; callsTools: boolean },
): RecordedRun {
  const source = random.fork(`live at ${now.getTime()}`);
  // Two calls and their tools take less than a minute, so that the last one began before it was last heard of.
  const startedAt = now.getTime() - source.integer(75_000, 200_000);
  const seenAt = now.getTime() - source.integer(500, 8_000);
  const question = simulation.writer.followUp(source, "completed");
  return simulation.turn({ question, startedAt, calls: callsTools ? 2 : 1, outcome: "in_progress", seenAt }, source);
}

function recordChild(
  parent: ChatCharacter,
  { task, startedAt, owner }: { task: string; startedAt: number; owner: string },
  random: Random,
): { chat: RecordedChat; answer: string; endedAt: number } {
  const chatId = momentId(startedAt, random);
  const simulation = new ChatSimulation({ ...parent, chatId });
  const run = simulation.turn(
    { question: task, startedAt: startedAt + 30, calls: random.integer(2, 5), outcome: "completed" },
    random,
  );
  const parts = run.steps.at(-1)?.normalized_response?.["content"] as { type: string; text?: string }[];
  const chat = chatItem({
    id: chatId,
    title: task.slice(task.lastIndexOf(": ") + 2).slice(0, 120),
    status: "completed",
    startedAt,
    runs: [run],
    team: parent.topic.team,
    parent: parent.chatId,
  });
  const answer = parts.findLast(({ type }) => type === "text")?.text ?? "";
  return { chat: { chat, owner, runs: [run] }, answer, endedAt: lastHeardOf(run) };
}

function chatItem(about: {
  id: string;
  title: string;
  status: NonNullable<ChatItem["status"]>;
  startedAt: number;
  runs: readonly RecordedRun[];
  team: string;
  parent?: string;
}): ChatItem {
  const { id, title, status, startedAt, runs, team, parent } = about;
  return {
    id,
    title,
    status,
    labels: { demo: "true", team },
    ...(parent !== undefined && { parent_chat_id: parent }),
    created_at: new Date(startedAt).toISOString(),
    updated_at: new Date(Math.max(startedAt, ...runs.map(lastHeardOf))).toISOString(),
  };
}

function turnCount(random: Random): number {
  return random.weighted([
    [36, () => random.integer(1, 3)],
    [38, () => random.integer(4, 9)],
    [19, () => random.integer(10, 20)],
    [7, () => random.integer(24, 48)],
  ])();
}

/** How many model calls a turn takes: one without tools, and now and then a great many with them. */
function callCount(simulation: ChatSimulation, random: Random): number {
  if (!simulation.hasTools) return 1;
  return random.weighted([
    [34, () => 1],
    [34, () => 2],
    [24, () => random.integer(3, 4)],
    [6, () => random.integer(5, 8)],
    [2, () => random.integer(10, 16)],
  ])();
}

/** A run that stays in progress belongs to a process that was killed and never told its end. */
function chooseOutcome(random: Random): Outcome {
  return random.weighted([
    [915, "completed"],
    [40, "error"],
    [35, "interrupted"],
    [10, "in_progress"],
  ]);
}
