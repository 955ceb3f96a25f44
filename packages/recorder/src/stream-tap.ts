import { readField } from "./normalize-error.ts";

export interface StreamListener {
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
  const pipeThrough: PipeThrough = stream.pipeThrough.bind(stream);
  const tapped: PipeThrough = (transform, options) => pipeThrough(listening(listener)).pipeThrough(transform, options);
  return Reflect.defineProperty(stream, "pipeThrough", { value: tapped, configurable: true, writable: true });
}

function listening(listener: StreamListener): TransformStream<unknown, unknown> {
  return new TransformStream({
    transform(part, controller) {
      controller.enqueue(part);
      quietly(() => listener.part(part));
    },
    flush() {
      quietly(() => listener.ended());
    },
    cancel(reason) {
      quietly(() => listener.cut(reason));
    },
  });
}

/** What the listener does wrong must not break the stream. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // The record stays incomplete; the application's stream does not.
  }
}
