/** Longer events carry files or are broken; they are passed over. */
const LONGEST_EVENT_CHARACTERS = 4 * 1024 * 1024;

/** Reads a stream of server-sent events piece by piece; answers the data of each event once it is complete. */
export class ServerSentEvents {
  readonly #decoder = new TextDecoder();
  #line = "";
  #data: string[] = [];
  #characters = 0;

  /** Bytes may end anywhere, even inside a character. */
  feed(bytes: Uint8Array): string[] {
    return this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  /** The last event counts even where the blank line after it is missing. */
  end(): string[] {
    return this.#take(`${this.#decoder.decode()}\n\n`);
  }

  #take(text: string): string[] {
    // A long line is looked at once and not with each of its pieces, which would take time in square.
    if (!/[\r\n]/.test(text)) {
      this.#line += text;
      if (this.#line.length > LONGEST_EVENT_CHARACTERS) this.#skipLine();
      return [];
    }
    // A carriage return at the end may be the first half of a line's end.
    const lines = (this.#line + text).split(/\r\n|\n|\r(?!$)/);
    this.#line = lines.pop() ?? "";
    return lines.flatMap((line) => this.#takeLine(line));
  }

  /** What follows belongs to an event that is too long already. */
  #skipLine(): void {
    this.#characters += this.#line.length;
    this.#line = "";
  }

  #takeLine(line: string): string[] {
    if (line !== "") {
      this.#characters += line.length;
      if (line.startsWith("data:") && this.#characters <= LONGEST_EVENT_CHARACTERS)
        this.#data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
      return [];
    }
    const event = this.#data.join("\n");
    const isComplete = this.#data.length > 0 && this.#characters <= LONGEST_EVENT_CHARACTERS;
    this.#data = [];
    this.#characters = 0;
    return isComplete ? [event] : [];
  }
}

/** How a stream of events begins; no JSON does. */
const FIRST_EVENT = /^\uFEFF?\s*(?:data|event|id|retry)?:/;

/** Whether a text, or the beginning of one, is a stream of events. */
export function isEventStream(text: string): boolean {
  return FIRST_EVENT.test(text);
}
