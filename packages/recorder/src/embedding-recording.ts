import type { AttemptRecording, Visibility } from "./attempt-recording.ts";
import { embeddedMessages, embeddingAnswer, embeddingExchange } from "./embedding-content.ts";
import { listenToHttpFromHere } from "./http-exchange.ts";
import { isAbort, lastOfRetries, readField } from "./normalize-error.ts";
import type { RunOutcome, RunRecording } from "./run-recording.ts";
import { type JsonObject, snapshot } from "./snapshot.ts";
import type { StepRecording } from "./step-recording.ts";

export interface EmbeddingStart {
  visibility: Visibility;
  metadata: Record<string, string | number>;
  settings: JsonObject;
}

interface EmbeddingCall {
  step: StepRecording;
  /** The array that is tried again when a try fails, the very same. */
  values: unknown;
  attempts: AttemptRecording[];
}

/**
 * `embed` and `embedMany`: a step for each model call, of which `embedMany` may make several at once. The texts are a
 * user's message, and the answer says how many vectors of which length there are; the vectors are not recorded.
 */
export class EmbeddingRecording {
  readonly #start: EmbeddingStart;
  readonly #run: RunRecording;
  readonly #release: ((outcome?: RunOutcome) => void) | undefined;
  readonly #calls: EmbeddingCall[] = [];
  readonly #byId = new Map<unknown, EmbeddingCall>();

  /** @param holdsRun false for one that is made within another operation, whose run goes on without it */
  constructor(start: EmbeddingStart, run: RunRecording, holdsRun: boolean) {
    this.#start = start;
    this.#run = run;
    this.#release = holdsRun ? run.hold() : undefined;
  }

  callStarted(event: unknown): void {
    this.#run.alive();
    const values = readField(event, "values");
    const call = this.#triedBefore(event, values) ?? this.#startCall(event, values);
    this.#byId.set(readField(event, "embedCallId"), call);
    // That it is tried again is all that is known of the try before.
    call.attempts.at(-1)?.finish("error");
    const attempt = call.step.attemptStarted();
    call.attempts.push(attempt);
    listenToHttpFromHere(attempt);
    this.#run.changed(call.step, { withRequest: call.attempts.length === 1 });
  }

  callEnded(event: unknown): void {
    const call = this.#byId.get(readField(event, "embedCallId"));
    if (!call) return;
    call.attempts.at(-1)?.answered(undefined);
    const { answer, shape } = embeddingAnswer(event);
    call.step.answered(answer, shape);
    this.#run.changed(call.step);
  }

  /** The answers' headers and bodies come all together, in the order of the calls. */
  finished(event: unknown): void {
    const response = readField(event, "response");
    const responses: unknown[] = Array.isArray(response) ? response : [response];
    for (const [index, call] of this.#calls.entries()) {
      call.attempts.at(-1)?.answered(embeddingExchange(responses[index]));
      // A call that is hidden cannot be told from another that is tried again.
      if (call.step.status === "in_progress") call.step.failed(undefined);
      this.#run.changed(call.step);
    }
    this.#release?.("completed");
  }

  broke(error: unknown): void {
    const errors = readField(error, "errors");
    const tried: unknown[] = Array.isArray(errors) ? errors : [error];
    for (const call of this.#calls.filter(({ step }) => step.status === "in_progress")) {
      for (const [index, attempt] of call.attempts.entries()) attempt.failed(tried[index] ?? lastOfRetries(error));
      call.step.failed(error);
      this.#run.changed(call.step);
    }
    this.#release?.(isAbort(lastOfRetries(error)) ? "interrupted" : "error");
  }

  interrupted(): void {
    for (const { step } of this.#calls) step.interrupted(undefined);
    for (const { step } of this.#calls) this.#run.changed(step);
    this.#release?.("interrupted");
  }

  #triedBefore(event: unknown, values: unknown): EmbeddingCall | undefined {
    const open = this.#calls.filter(({ step }) => step.status === "in_progress");
    const isOnly = readField(event, "operationId") === "ai.embed.doEmbed";
    return isOnly ? open[0] : open.find((call) => call.values === values);
  }

  #startCall(event: unknown, values: unknown): EmbeddingCall {
    const { visibility, metadata, settings } = this.#start;
    const step = this.#run.startStep({ operation: "generate", visibility, metadata, settings });
    step.requested({
      messages: embeddedMessages(values),
      dimensions: snapshot(readField(event, "dimensions")),
    });
    const call = { step, values, attempts: [] };
    this.#calls.push(call);
    return call;
  }
}
