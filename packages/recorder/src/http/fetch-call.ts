import type { ChatScope } from "../chat-scope.ts";
import type { Clock } from "../clock.ts";
import type { RunOutcome, RunRecording, Unattended } from "../run-recording.ts";
import type { CapturedBody, CapturedRequest } from "./captured-request.ts";
import type { FetchAttempt } from "./fetch-attempt.ts";
import { FetchStep } from "./fetch-step.ts";
import { type BodyListener, tapResponse } from "./response-tap.ts";

/** The official libraries wait at most eight seconds before they try again, unless the server asks for more. */
const RETRY_WINDOW_MS = 10_000;
const LONGEST_RETRY_AFTER_MS = 60_000;

export interface CallSurroundings {
  clock: Clock;
  /** Does work after the application's own, in order. */
  defer(work: () => void): void;
  /** Told that another attempt may follow, and that none will any more. */
  awaitsRetry(call: FetchCall, awaits: boolean): void;
}

/** One model call in its run. Its methods only note what happens; what it means is found out after the application's work. */
export class FetchCall {
  readonly scope: ChatScope | undefined;
  readonly #run: RunRecording;
  readonly #step: FetchStep;
  readonly #around: CallSurroundings;
  readonly #release: (outcome?: RunOutcome, at?: number) => void;
  #cancelRetryWindow: (() => void) | undefined;

  constructor(run: RunRecording, scope: ChatScope | undefined, request: CapturedRequest, around: CallSurroundings) {
    this.scope = scope;
    this.#run = run;
    this.#around = around;
    this.#step = run.addStep((place) => new FetchStep(place, request, around.clock));
    this.#release = run.hold();
    scope?.onEnd(() => this.giveUp());
  }

  get chatId(): string {
    return this.#run.chat.id;
  }

  isRetriedBy(request: CapturedRequest): boolean {
    return this.#step.isRetriedBy(request);
  }

  begin(request: CapturedRequest): FetchExchange {
    this.#endRetryWindow();
    const attempt = this.#step.startAttempt(request);
    this.#around.defer(() => this.#changed({ withRequest: attempt.number === 1 }));
    if (request.laterBody) void this.#takeLaterBody(request, request.laterBody);
    return new FetchExchange(this, attempt, this.#run, this.#around);
  }

  /** The attempt has come further, or to its end. */
  progressed(attempt: FetchAttempt): void {
    // Also where the work has ended: it may have answered something that makes the request, and tries again, by itself.
    if (this.#step.isLast(attempt) && attempt.mayBeRetried) this.#openRetryWindow(attempt);
    this.#around.defer(() => {
      attempt.settle();
      this.#step.settle();
      this.#changed();
    });
  }

  /** Nobody is going to try again. */
  giveUp(): void {
    if (this.#endRetryWindow()) this.concede();
  }

  /** Takes the call for failed as it stands, though somebody may still try again. */
  concede(): void {
    this.#around.defer(() => {
      this.#step.giveUp();
      this.#changed();
    });
  }

  /** Some bodies can only be read with time. */
  async #takeLaterBody(request: CapturedRequest, later: Promise<CapturedBody>): Promise<void> {
    const body = await later.catch(() => undefined);
    if (!body) return;
    request.body = body;
    this.#around.defer(() => {
      this.#step.forgetRequest();
      this.#changed({ withRequest: true });
    });
  }

  #openRetryWindow(attempt: FetchAttempt): void {
    this.#endRetryWindow();
    this.#step.awaitRetry();
    this.#around.awaitsRetry(this, true);
    const windowMs = RETRY_WINDOW_MS + Math.min(attempt.retryAfterMs, LONGEST_RETRY_AFTER_MS);
    this.#cancelRetryWindow = this.#around.clock.setTimer(() => this.giveUp(), windowMs);
  }

  #endRetryWindow(): boolean {
    const wasOpen = this.#cancelRetryWindow !== undefined;
    this.#cancelRetryWindow?.();
    this.#cancelRetryWindow = undefined;
    this.#around.awaitsRetry(this, false);
    return wasOpen;
  }

  #changed(options?: { withRequest: boolean }): void {
    const step = this.#step;
    const { model } = step.readRequest();
    this.#run.usesModel(model ?? step.responseModel ?? "");
    this.#run.changed(step, options);
    if (step.status === "in_progress") return;
    // A call that went well does not make good what failed around it.
    const outcome = step.status === "completed" && this.scope?.failed ? undefined : step.status;
    this.#release(outcome, step.finishedAt);
    // One that was taken for left has let go of its run already, and knows better now.
    if (outcome && !this.#run.open) this.#run.end(outcome, step.finishedAt);
  }
}

/** What is told of one request and its response. */
export class FetchExchange implements BodyListener, Unattended {
  readonly #call: FetchCall;
  readonly #attempt: FetchAttempt;
  readonly #run: RunRecording;
  readonly #around: CallSurroundings;
  #digests = false;
  #idleSince: number | undefined;
  #unwatch: (() => void) | undefined;

  constructor(call: FetchCall, attempt: FetchAttempt, run: RunRecording, around: CallSurroundings) {
    this.#call = call;
    this.#attempt = attempt;
    this.#run = run;
    this.#around = around;
  }

  /** The response that the application is to get: the same, with somebody listening where that can be had. */
  answered(response: Response): Response {
    this.#run.alive();
    this.#attempt.answered(response.status, response.headers);
    if (response.body === null) {
      this.ended();
      return response;
    }
    const tapped = this.#tap(response);
    if (!tapped) this.#attempt.unseen();
    // An answer that is going well is told of when it is there.
    if (!tapped || response.status >= 400) this.#call.progressed(this.#attempt);
    else {
      this.#idleSince = this.#around.clock.now();
      this.#unwatch = this.#run.watch(this);
    }
    return tapped ?? response;
  }

  /** There is no response. */
  failed(error: unknown): void {
    this.#attempt.broke(error);
    this.#call.progressed(this.#attempt);
  }

  asked(): void {
    this.#idleSince = undefined;
  }

  passed(bytes: Uint8Array): void {
    this.#run.alive();
    this.#idleSince = this.#around.clock.now();
    this.#attempt.passed(bytes);
    if (this.#digests) return;
    this.#digests = true;
    this.#around.defer(() => {
      this.#digests = false;
      this.#attempt.digest();
    });
  }

  ended(): void {
    this.#unwatch?.();
    this.#attempt.completed();
    this.#call.progressed(this.#attempt);
  }

  left(): void {
    this.#unwatch?.();
    this.#attempt.left();
    this.#call.progressed(this.#attempt);
  }

  broke(error: unknown): void {
    this.#unwatch?.();
    this.#attempt.broke(error);
    this.#call.progressed(this.#attempt);
  }

  waitingSince(): number | undefined {
    return this.#idleSince;
  }

  #tap(response: Response): Response | undefined {
    try {
      return tapResponse(response, this);
    } catch {
      return undefined;
    }
  }
}
