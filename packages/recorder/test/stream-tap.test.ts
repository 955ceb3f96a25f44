import { expect, it } from "vitest";

import { type StreamListener, listenTo, tapStream } from "../src/stream-tap.ts";
import { settle } from "./fake-clock.ts";

class Heard implements StreamListener {
  readonly events: unknown[] = [];
  questions = 0;
  asked(): void {
    this.questions += 1;
  }
  part(part: unknown): void {
    this.events.push(part);
  }
  ended(): void {
    this.events.push("ended");
  }
  cut(reason: unknown): void {
    this.events.push(["cut", reason]);
  }
}

const plain = () => new TransformStream<unknown, unknown>();

async function read(stream: ReadableStream<unknown>): Promise<unknown[]> {
  const parts: unknown[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

it("hears every part and the end, and changes nothing", async () => {
  const heard = new Heard();
  const result = { stream: ReadableStream.from([1, 2, 3]) as ReadableStream<unknown> };
  expect(tapStream(result, heard)).toBe(true);
  expect(result.stream.locked).toBe(false);
  expect(await read(result.stream.pipeThrough(plain()))).toEqual([1, 2, 3]);
  expect(heard.events).toEqual([1, 2, 3, "ended"]);
});

it("hears when the reader asks for more, and asks for nothing ahead of it", async () => {
  const heard = new Heard();
  let given = 0;
  const source = new ReadableStream<number>(
    { pull: (controller) => controller.enqueue((given += 1)) },
    { highWaterMark: 0 },
  );
  const reader = listenTo(source, heard).getReader();
  await settle();
  expect([heard.questions, given]).toEqual([0, 0]);
  await reader.read();
  await settle();
  expect([heard.questions, given]).toEqual([1, 1]);
  await reader.read();
  expect([heard.questions, given]).toEqual([2, 2]);
});

it("hears that the source breaks while nobody asks", async () => {
  const heard = new Heard();
  const broken = new Error("reset");
  let controller: ReadableStreamDefaultController<number> | undefined;
  const source = new ReadableStream<number>({ start: (own) => void (controller = own) });
  const reader = listenTo(source, heard).getReader();
  controller?.error(broken);
  await settle();
  expect(heard.events).toEqual([["cut", broken]]);
  await expect(reader.read()).rejects.toBe(broken);
});

it("hears that the reader leaves", async () => {
  const heard = new Heard();
  let cancelled: unknown;
  const stream = new ReadableStream<unknown>({
    start: (controller) => controller.enqueue(1),
    cancel: (reason) => void (cancelled = reason),
  });
  tapStream({ stream }, heard);
  const reader = stream.pipeThrough(plain()).getReader();
  await reader.read();
  await reader.cancel("enough");
  expect(heard.events).toEqual([1, ["cut", "enough"]]);
  await expect.poll(() => cancelled).toBe("enough");
});

it("hears that the source breaks, and the reader gets the very error", async () => {
  const heard = new Heard();
  const broken = new Error("reset");
  const stream = new ReadableStream<unknown>({ pull: (controller) => controller.error(broken) });
  tapStream({ stream }, heard);
  await expect(read(stream.pipeThrough(plain()))).rejects.toBe(broken);
  expect(heard.events).toEqual([["cut", broken]]);
});

it("keeps a stream whole whose listener fails", async () => {
  const fail = () => expect.fail("listener");
  const result = { stream: ReadableStream.from([1, 2]) as ReadableStream<unknown> };
  tapStream(result, { asked: fail, part: fail, ended: fail, cut: fail });
  expect(await read(result.stream.pipeThrough(plain()))).toEqual([1, 2]);
});

it("leaves alone a stream that is read in another way", async () => {
  const heard = new Heard();
  const result = { stream: ReadableStream.from([1, 2]) as ReadableStream<unknown> };
  tapStream(result, heard);
  expect(await read(result.stream)).toEqual([1, 2]);
  expect(heard.events).toEqual([]);
});

it.each([undefined, {}, { stream: "text" }, { stream: Object.freeze(new ReadableStream()) }])(
  "has nothing to hear in %#",
  (result) => {
    expect(tapStream(result, new Heard())).toBe(false);
  },
);
