/** Who is told of what passes through a response's body. What a listener throws reaches nobody. */
export interface BodyListener {
  /** The reader asked for more. */
  asked(): void;
  /** Bytes are on their way to the reader, who will own them: what is to be kept has to be copied. */
  passed(bytes: Uint8Array): void;
  /** The body is complete. */
  ended(): void;
  /** The reader did not want the rest. */
  left(): void;
  /** The body broke off: the connection failed, or the request was aborted. */
  broke(error: unknown): void;
}

/**
 * The same response with somebody listening to its body; undefined where that cannot be had, and nothing was touched.
 *
 * A body is listened to as its reader reads it. It is neither branched, which would buffer what one branch has not read,
 * nor read ahead, and it is not even locked before its first byte is asked for: a response that is thrown away unread
 * lets go of its connection as it would without us.
 */
export function tapResponse(original: Response, listener: BodyListener): Response | undefined {
  const { body } = original;
  if (!(body instanceof ReadableStream) || original.bodyUsed) return undefined;
  const tapped = isByteStream(body) ? byteTap(original, body, listener) : plainTap(original, body, listener);
  const { status, statusText, headers } = original;
  // Libraries bring response classes of their own, which their users may look at.
  const copy: unknown = Reflect.construct(original.constructor, [tapped, { status, statusText, headers }]);
  if (!isResponse(copy) || copy.status !== status || copy.body === null) return undefined;
  return withIdentityOf(original, copy);
}

function isResponse(value: unknown): value is Response {
  return typeof value === "object" && value !== null && "status" in value && "body" in value && "clone" in value;
}

/** A response that was made by hand does not know where it came from. */
function withIdentityOf(original: Response, copy: Response): Response {
  const clone = copy.clone.bind(copy);
  const { url, redirected, type, headers } = original;
  const identity = { url, redirected, type, headers, clone: () => withIdentityOf(original, clone()) };
  for (const [name, value] of Object.entries(identity))
    Object.defineProperty(copy, name, { value, configurable: true });
  return copy;
}

/** There is no other way to ask. The lock is given back at once. */
function isByteStream(stream: ReadableStream<unknown>): boolean {
  try {
    stream.getReader({ mode: "byob" }).releaseLock();
    return true;
  } catch {
    return false;
  }
}

interface Controller {
  close(): void;
  enqueue(chunk: Uint8Array): void;
  error(reason: unknown): void;
  readonly byobRequest?: { respond(bytes: number): void } | null;
}

/** Readers may bring their own buffers, as they could to the original. */
function byteTap(owner: Response, source: ReadableStream<Uint8Array>, listener: BodyListener): ReadableStream {
  const tap = new Tap(owner, source, listener);
  return new ReadableStream({
    type: "bytes",
    pull: (controller) => tap.pull(controller),
    cancel: (reason) => tap.cancel(reason),
  });
}

/** Without a store of its own it asks its source when it is asked, and not before. */
function plainTap(owner: Response, source: ReadableStream<Uint8Array>, listener: BodyListener): ReadableStream {
  const tap = new Tap(owner, source, listener);
  return new ReadableStream<Uint8Array>(
    { pull: (controller) => tap.pull(controller), cancel: (reason) => tap.cancel(reason) },
    { highWaterMark: 0 },
  );
}

class Tap {
  /** Kept, because a response that nobody holds any more has its body cancelled. */
  readonly #owner: Response;
  readonly #source: ReadableStream<Uint8Array>;
  readonly #listener: BodyListener;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #over = false;

  constructor(owner: Response, source: ReadableStream<Uint8Array>, listener: BodyListener) {
    this.#owner = owner;
    this.#source = source;
    this.#listener = listener;
  }

  async pull(controller: Controller): Promise<void> {
    this.#reader ??= this.#open(controller);
    quietly(() => this.#listener.asked());
    const { done, value } = await this.#reader.read();
    if (done) {
      this.#finish(() => this.#listener.ended());
      controller.close();
      controller.byobRequest?.respond(0);
      return;
    }
    if (value instanceof Uint8Array) quietly(() => this.#listener.passed(value));
    controller.enqueue(value);
  }

  cancel(reason: unknown): Promise<void> {
    this.#finish(() => this.#listener.left());
    return (this.#reader ?? this.#owner.body ?? this.#source).cancel(reason);
  }

  /** A body that breaks while nobody asks for more must not wait for that to be heard. */
  #open(controller: Controller): ReadableStreamDefaultReader<Uint8Array> {
    const reader = this.#source.getReader();
    reader.closed.catch((error: unknown) => {
      this.#finish(() => this.#listener.broke(error));
      controller.error(error);
    });
    return reader;
  }

  #finish(tell: () => void): void {
    if (!this.#over) quietly(tell);
    this.#over = true;
  }
}

function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // The record stays incomplete; the application's response does not.
  }
}
