import { RECORDED_BODY_BYTES, REDACTED_MARK } from "@shelflife/api-contract";

import { type Json, type JsonObject, isJsonObject } from "../snapshot.ts";
import { ServerSentEvents, isEventStream } from "../wire/server-sent-events.ts";
import type { WireFormat, WireStream } from "../wire/wire-format.ts";
import { holdsSecret, isTextType, recordPartialText, recordText } from "./recorded-body.ts";

/** A whole answer has to be had to its end to be understood; only its beginning is recorded. */
const LONGEST_ANSWER_BYTES = 1024 * 1024;

/** Enough of a body to tell how it begins. */
const BEGINNING_BYTES = 64;

/**
 * Collects a response's body as it passes: the beginning of it for the record, and of a stream in a known format what it
 * says, however long it is.
 */
export class AnswerBody {
  readonly #isText: boolean;
  readonly #format: WireFormat | undefined;
  #events: ServerSentEvents | undefined;
  #stream: WireStream | undefined;
  readonly #kept: Uint8Array[] = [];
  #keptAtMost = RECORDED_BODY_BYTES;
  #keptBytes = 0;
  #passedBytes = 0;
  #undigested: Uint8Array[] = [];
  #isComplete = false;

  constructor(contentType: string, format: WireFormat | undefined) {
    this.#format = format;
    this.#isText = isTextType(contentType);
    if (/^text\/event-stream\b/i.test(contentType)) this.#openStream();
    else if (format) this.#keptAtMost = LONGEST_ANSWER_BYTES;
  }

  /** Whether the answer comes as a stream of events that can be understood. */
  get streams(): boolean {
    return this.#stream !== undefined;
  }

  /** Whether the provider said how the answer ends. */
  get finished(): boolean {
    return this.#stream?.finished ?? this.#isComplete;
  }

  /** Copies what is needed of some bytes, and nothing else: this is on the application's own path. */
  take(bytes: Uint8Array): void {
    if (this.#passedBytes === 0 && this.#isText && !this.#events && beginsWithEvent(bytes)) this.#openStream();
    this.#passedBytes += bytes.byteLength;
    const room = this.#isText ? this.#keptAtMost - this.#keptBytes : 0;
    const copy = this.#events ? bytes.slice() : bytes.slice(0, Math.max(0, room));
    if (room > 0) {
      const kept = copy.subarray(0, room);
      this.#kept.push(kept);
      this.#keptBytes += kept.byteLength;
    }
    if (this.#events) this.#undigested.push(copy);
  }

  /** Makes sense of what came since the last time. */
  digest(): void {
    const pieces = this.#undigested;
    this.#undigested = [];
    for (const piece of pieces) this.#takeEvents(this.#events?.feed(piece));
  }

  /** No more is going to come. */
  close(isComplete: boolean): void {
    this.digest();
    this.#takeEvents(this.#events?.end());
    this.#isComplete = isComplete;
  }

  /** What is recorded of the body, and what it says: as the provider would have answered without a stream. */
  read(): { shown: Json | undefined; answer: JsonObject | undefined } {
    if (this.#passedBytes === 0) return { shown: undefined, answer: undefined };
    if (!this.#isText) return { shown: `[BINARY, ${this.#passedBytes} BYTES]`, answer: undefined };
    const isCut = this.#passedBytes > this.#keptBytes;
    // Streaming leaves out a character that was cut in the middle.
    const text = new TextDecoder().decode(Buffer.concat(this.#kept), { stream: isCut });
    if (this.#stream) return readStream(this.#stream.body(), text, isCut);
    const { shown, json } = isCut ? recordPartialText(text, isCut) : recordText(text);
    return { shown, answer: isJsonObject(json) ? json : undefined };
  }

  #openStream(): void {
    this.#keptAtMost = RECORDED_BODY_BYTES;
    if (!this.#format) return;
    this.#events = new ServerSentEvents();
    this.#stream = this.#format.openStream();
  }

  #takeEvents(events: string[] | undefined): void {
    for (const event of events ?? []) {
      const data = parseEvent(event);
      if (isJsonObject(data)) this.#stream?.take(data);
    }
  }
}

/** Proxies and small servers give streams other media types, or none. */
function beginsWithEvent(bytes: Uint8Array): boolean {
  return isEventStream(new TextDecoder().decode(bytes.subarray(0, BEGINNING_BYTES)));
}

/** A secret that came in pieces is found where they are put together, and in none of them: then all of them go. */
function readStream(answer: JsonObject, text: string, isCut: boolean): { shown: Json | undefined; answer: JsonObject } {
  return { shown: holdsSecret(answer) ? REDACTED_MARK : recordPartialText(text, isCut).shown, answer };
}

/** Besides JSON there is a word that says that the stream is over, and what was cut off. */
function parseEvent(data: string): Json | undefined {
  try {
    return JSON.parse(data) as Json;
  } catch {
    return undefined;
  }
}
