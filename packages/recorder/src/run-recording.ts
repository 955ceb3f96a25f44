import { type DebugBatch, HEARTBEAT_INTERVAL_MS, RUN_STATUSES, type RunStatus } from "@shelflife/api-contract";
import { v7 as timeOrderedUuid } from "uuid";

import type { RecordedChat } from "./chat-context.ts";
import type { Clock } from "./clock.ts";
import type { RecordItem } from "./record-queue.ts";
import { type StepItem, type StepOfRun, StepRecording } from "./step-recording.ts";

type RunItem = NonNullable<DebugBatch["runs"]>[number];

/** How a run, or what is part of it, ended. */
export type RunOutcome = Exclude<RunStatus, "in_progress">;

/** A call that has shown no sign of life for this long, in milliseconds, is taken for abandoned. */
export const ABANDONED_AFTER_MS = 3_600_000;

/** A stream whose reader has asked for nothing during this time, in milliseconds, is taken for left. */
export const READER_LEFT_AFTER_MS = 60_000;

/** How often, in milliseconds, a run looks after what is part of it; the other times are multiples of this. */
const LOOK_INTERVAL_MS = 30_000;

/** The server refuses longer names. */
const NAME_CHARACTERS = 200;

export interface RunStart {
  chat: RecordedChat;
  provider: string;
  /** Empty where it is not known yet. */
  model: string;
}

export interface RunSurroundings {
  clock: Clock;
  /** Takes the rendering of items, to be done after the application's own work. */
  emit(runId: string, render: () => RecordItem[]): void;
  /** Told once, when the run is over. */
  closed(): void;
}

/** Which step of which run something is. */
export interface StepPlace {
  runId: string;
  chatId: string;
  /** From 1. */
  number: number;
}

/** A model call as its run sees it. */
export interface RunStep {
  readonly status: RunStatus;
  interrupted(reason: unknown): void;
  /** Just enough to say that the step is still going on. */
  heartbeat(): StepItem;
  /** The step as it is now, to be rendered later. */
  capture(withRequest: boolean): () => StepItem;
}

/** Something of a run that the application may leave alone without a word. */
export interface Unattended {
  /**
   * Since when nothing but the application can bring it on, in milliseconds since the Unix epoch; undefined while it
   * waits for a model or a tool.
   */
  waitingSince(): number | undefined;
  /** It was left. */
  left(): void;
  /** Its run shows no sign of life any more and is over; nothing is waited for. */
  abandoned?(): void;
}

/**
 * One operation of a chat. It is over when nobody holds it any more, and how the last one to let go says that it ended
 * is how it ended. A stronger outcome may still come later, as on the server.
 */
export class RunRecording {
  readonly id = timeOrderedUuid();
  readonly #start: RunStart;
  readonly #around: RunSurroundings;
  readonly #startedAt: number;
  readonly #inProgress = new Set<RunStep>();
  readonly #unattended = new Set<Unattended>();
  #steps = 0;
  #holds = 0;
  #status: RunStatus = "in_progress";
  #outcome: { outcome: RunOutcome; at: number } = { outcome: "completed", at: 0 };
  #releasedAt = 0;
  #finishedAt: number | undefined;
  #lastSign: number;
  #lastHeartbeat: number;
  #cancelLook: () => void;

  constructor(start: RunStart, around: RunSurroundings) {
    this.#start = { ...start };
    this.#around = around;
    this.#startedAt = around.clock.now();
    this.#lastSign = this.#startedAt;
    this.#lastHeartbeat = this.#startedAt;
    this.#cancelLook = this.#scheduleLook();
  }

  get open(): boolean {
    return this.#finishedAt === undefined;
  }

  get chat(): RecordedChat {
    return this.#start.chat;
  }

  startStep(start: StepOfRun): StepRecording {
    return this.addStep((place) => new StepRecording({ ...start, ...place }, this.#around.clock));
  }

  /** Steps are numbered in the order in which they start, whoever starts them. */
  addStep<Step extends RunStep>(make: (place: StepPlace) => Step): Step {
    this.alive();
    this.#steps += 1;
    const step = make({ runId: this.id, chatId: this.chat.id, number: this.#steps });
    this.#inProgress.add(step);
    return step;
  }

  /** Sends a step as it is now. */
  changed(step: RunStep, options: { withRequest: boolean } = { withRequest: false }): void {
    if (step.status === "in_progress") this.#inProgress.add(step);
    else this.#inProgress.delete(step);
    const render = step.capture(options.withRequest);
    this.#emit(() => [{ kind: "step", value: render() }]);
  }

  alive(): void {
    this.#lastSign = this.#around.clock.now();
  }

  /** Whoever did not know at the start says later which model it is; the first one counts. */
  usesModel(model: string): void {
    this.#start.model ||= model;
  }

  /**
   * Keeps the run open until the answer is called, once. How the last of those ended that were held is how the run ends,
   * by the time that they tell, in milliseconds since the Unix epoch: some are known to have ended only later.
   */
  hold(): (outcome?: RunOutcome, at?: number) => void {
    let held = true;
    this.#holds += 1;
    return (outcome, at = this.#around.clock.now()) => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      this.#releasedAt = Math.max(this.#releasedAt, at);
      if (outcome && at >= this.#outcome.at) this.#outcome = { outcome, at };
      if (this.#holds === 0) this.end(this.#outcome.outcome, this.#releasedAt);
    };
  }

  /** Looks after something that may be left without a word; the answer ends that. */
  watch(unattended: Unattended): () => void {
    this.#unattended.add(unattended);
    return () => void this.#unattended.delete(unattended);
  }

  /** Ends the run, or says of one that has ended that it ended better than it looked. */
  end(outcome: RunOutcome, at: number = this.#around.clock.now()): void {
    if (RUN_STATUSES.indexOf(outcome) <= RUN_STATUSES.indexOf(this.#status)) return;
    const wasOpen = this.open;
    this.#status = outcome;
    this.#finishedAt = at;
    this.#cancelLook();
    this.#emit(() => []);
    if (wasOpen) this.#around.closed();
  }

  /** Ends the run from outside, with all that is still going on in it. */
  interrupt(): void {
    for (const step of this.#inProgress) {
      step.interrupted(undefined);
      this.changed(step);
    }
    this.end("interrupted");
  }

  #abandon(): void {
    this.interrupt();
    for (const unattended of this.#unattended) unattended.abandoned?.();
  }

  #scheduleLook(): () => void {
    return this.#around.clock.setTimer(() => {
      this.#cancelLook = this.#scheduleLook();
      this.#look();
    }, LOOK_INTERVAL_MS);
  }

  #look(): void {
    const now = this.#around.clock.now();
    if (now - this.#lastSign >= ABANDONED_AFTER_MS) return this.#abandon();
    for (const unattended of this.#unattended) {
      const since = unattended.waitingSince();
      if (since !== undefined && now - since >= READER_LEFT_AFTER_MS) unattended.left();
    }
    if (!this.open || now - this.#lastHeartbeat < HEARTBEAT_INTERVAL_MS) return;
    this.#lastHeartbeat = now;
    const steps = [...this.#inProgress].map((step) => step.heartbeat());
    this.#emit(() => steps.map((value) => ({ kind: "step", value })));
  }

  /**
   * Every emission brings the chat and the run along: they cost a few bytes, merge while they wait, and make each
   * emission whole, whatever became of the earlier ones.
   */
  #emit(renderSteps: () => RecordItem[]): void {
    const { id, title, owner } = this.chat;
    const chat = { id, ...(title !== undefined && { title }), ...(owner !== undefined && { owner }) };
    const run: RunItem = {
      id: this.id,
      chat_id: id,
      kind: this.chat.kind,
      status: this.#status,
      provider: this.#start.provider.slice(0, NAME_CHARACTERS),
      ...(this.#start.model !== "" && { model: this.#start.model.slice(0, NAME_CHARACTERS) }),
      started_at: new Date(this.#startedAt).toISOString(),
      ...(this.#finishedAt !== undefined && { finished_at: new Date(this.#finishedAt).toISOString() }),
    };
    this.#around.emit(this.id, () => [{ kind: "chat", value: chat }, { kind: "run", value: run }, ...renderSteps()]);
  }
}
