import { readField } from "./normalize-error.ts";

export interface StreamListener {
  /** The reader asked for the next part. */
  asked(): void;
  /** Every part, as it passes. */
  part(part: unknown): void;
  /** The stream ended by itself; whether it was complete, its parts tell. */
  ended(): void;
  /** The reader left, or the source broke. */
  cut(reason: unknown): void;
}

type PipeThrough = ReadableStream<unknown>["pipeThrough"];

/**
 * Listens to a provider's stream of parts.
 *
 * The AI SDK tells telemetry neither of error parts nor of a reader who leaves early, and a result that an integration
 * replaces may be swapped back, so the stream object itself has to be listened to. Replacing its `pipeThrough`, which is
 * how the SDK consumes it, leaves it unlocked until then: should a later SDK consume it otherwise, it works as if
 * nobody were listening.
 */
export function tapStream(result: unknown, listener: StreamListener): boolean {
  const stream = readField(result, "stream");
  if (!(stream instanceof ReadableStream)) return false;
  const tapped: PipeThrough = (transform, options) => {
    Reflect.deleteProperty(stream, "pipeThrough");
    return listenTo(stream, listener).pipeThrough(transform, options);
  };
  return Reflect.defineProperty(stream, "pipeThrough", { value: tapped, configurable: true, writable: true });
}

/**
 * The same stream, with somebody listening. It asks its source for a part when it is asked for one itself, and never
 * ahead, so that a reader who is gone can be told from a model that is slow.
 */
export function listenTo<Part>(source: ReadableStream<Part>, listener: StreamListener): ReadableStream<Part> {
  const reader = source.getReader();
  let over = false;
  const finish = (tell: () => void): void => {
    if (!over) quietly(tell);
    over = true;
  };
  return new ReadableStream<Part>(
    {
      start(controller) {
        // A source that breaks while nobody asks must not wait for that to be heard.
        reader.closed.catch((error: unknown) => {
          finish(() => listener.cut(error));
          controller.error(error);
        });
      },
      async pull(controller) {
        quietly(() => listener.asked());
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          finish(() => listener.ended());
        } else {
          controller.enqueue(value);
          quietly(() => listener.part(value));
        }
      },
      cancel(reason) {
        finish(() => listener.cut(reason));
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

/** What the listener does wrong must not break the stream. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // The record stays incomplete; the application's stream does not.
  }
}
