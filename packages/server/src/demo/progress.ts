import type { Clock } from "../clock.ts";

/** Where progress is shown; standard error, unless a test looks on. */
export interface ProgressOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

const BAR_CELLS = 30;

/** A terminal gets a bar that is drawn over again, anything else a line now and then. In milliseconds. */
const REDRAW_MS = 80;
const LINE_MS = 2_000;

/** Tells how far a piece of work has come. */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #clock: Clock;
  readonly #total: number;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #drawn = "";

  constructor(total: number, { output, clock }: { output: ProgressOutput; clock: Clock }) {
    this.#total = total;
    this.#output = output;
    this.#clock = clock;
    if (output.isTTY !== true) this.#drawnAt = clock.monotonic();
  }

  /** @param note what is shown beside the figures */
  show(done: number, note: string): void {
    const now = this.#clock.monotonic();
    const pauseMs = this.#output.isTTY === true ? REDRAW_MS : LINE_MS;
    if (now - this.#drawnAt < pauseMs && done < this.#total) return;
    this.#drawnAt = now;
    const share = this.#total === 0 ? 1 : done / this.#total;
    const percent = `${Math.floor(share * 100)}`.padStart(3);
    if (this.#output.isTTY !== true) {
      this.#output.write(`${percent} %  ${done} of ${this.#total} chats, ${note}\n`);
      return;
    }
    const full = Math.round(share * BAR_CELLS);
    this.#drawn = `${"█".repeat(full)}${"░".repeat(BAR_CELLS - full)} ${percent} %  ${done}/${this.#total} chats, ${note}`;
    this.#output.write(`\r\u001b[2K${this.#drawn}`);
  }

  /** Leaves what was drawn last on a line of its own. */
  end(): void {
    if (this.#drawn !== "") this.#output.write("\n");
    this.#drawn = "";
  }
}
