import type { Recorder } from "./recorder.ts";
import type { Clock } from "./clock.ts";
import { RunRecording, type RunStart } from "./run-recording.ts";

/** The runs of a recorder that are going on. */
export class OpenRuns {
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #runs = new Set<RunRecording>();

  constructor(recorder: Recorder, clock: Clock) {
    this.#recorder = recorder;
    this.#clock = clock;
  }

  start(start: RunStart): RunRecording {
    const run: RunRecording = new RunRecording(start, {
      clock: this.#clock,
      emit: (runId, render) => this.#recorder.emit(runId, render),
      closed: () => void this.#runs.delete(run),
    });
    this.#runs.add(run);
    return run;
  }

  interruptAll(): void {
    for (const run of this.#runs) run.interrupt();
  }
}
