/** What a warning is about; see the message for what to do. */
export type WarningCode =
  | "not_configured"
  | "no_chat_id"
  | "debug_logging_off"
  | "rejected"
  | "dropped"
  | "internal"
  | "mask_failed";

export type OnWarning = (message: string, code: WarningCode) => void;

/** Says each thing once: a recorder that repeats itself for every call would fill the application's log. */
export class Warnings {
  readonly #onWarning: OnWarning;
  readonly #said = new Set<string>();

  constructor(onWarning: OnWarning = (message) => console.warn(message)) {
    this.#onWarning = onWarning;
  }

  /** `about` tells apart what one code can be about, for instance the reasons of a rejection. */
  once(code: WarningCode, message: string, about = ""): void {
    const key = `${code} ${about}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    try {
      this.#onWarning(`[shelflife] ${message}`, code);
    } catch {
      // The application's own handler failed; the recorder has nobody left to tell.
    }
  }
}
