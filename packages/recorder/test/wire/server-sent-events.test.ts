import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { ServerSentEvents } from "../../src/wire/server-sent-events.ts";

function read(text: string, pieceBytes = text.length + 1): string[] {
  const events = new ServerSentEvents();
  const bytes = new TextEncoder().encode(text);
  const data: string[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) data.push(...events.feed(bytes.subarray(at, at + pieceBytes)));
  return [...data, ...events.end()];
}

describe("a stream of events", () => {
  it("answers the data of each event, and nothing of the rest", () => {
    const text =
      ": hello\nevent: message\nid: 7\ndata: one\n\ndata:two\ndata: and a half\n\nretry: 5\n\ndata: three\n\n";
    expect(read(text)).toEqual(["one", "two\nand a half", "three"]);
  });

  it("answers an event as soon as the line after it is there", () => {
    const events = new ServerSentEvents();
    const feed = (text: string): string[] => events.feed(new TextEncoder().encode(text));
    expect(feed("data: o")).toEqual([]);
    expect(feed("ne\n")).toEqual([]);
    expect(feed("\ndata: two\n\n")).toEqual(["one", "two"]);
  });

  it("may end without a blank line", () => {
    expect(read("data: one\n\ndata: two")).toEqual(["one", "two"]);
  });

  it("reads the same however it is cut, and whichever line ends it has", () => {
    const line = fc.string({ unit: "grapheme" }).map((text) => text.replace(/[\r\n]/g, ""));
    const event = fc.array(line, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(
        fc.array(event),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.integer({ min: 1, max: 9 }),
        (given, end, size) => {
          const text = given.map((lines) => lines.map((data) => `data: ${data}${end}`).join("") + end).join("");
          expect(read(text, size)).toEqual(given.map((lines) => lines.join("\n")));
        },
      ),
    );
  });

  it("passes over an event that is too long, whole or line by line, and reads on after it", () => {
    const long = "x".repeat(5 * 1024 * 1024);
    const lines = `data: ${"x".repeat(1024 * 1024)}\n`.repeat(5);
    for (const text of [`data: ${long}\n\ndata: next\n\n`, `${lines}\ndata: next\n\n`]) {
      expect(read(text, 64 * 1024)).toEqual(["next"]);
    }
  });

  it("holds no more of a line than an event may be long", () => {
    const events = new ServerSentEvents();
    const piece = new TextEncoder().encode("x".repeat(64 * 1024));
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    for (let pieces = 0; pieces < 1000; pieces += 1) expect(events.feed(piece)).toEqual([]);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * 1024 * 1024);
    expect(events.end()).toEqual([]);
  });

  it("takes no longer for a long line in many pieces than for as many lines", () => {
    const started = process.cpuUsage();
    expect(read(`data: ${"x".repeat(3 * 1024 * 1024)}\n\n`, 256)).toHaveLength(1);
    // Looking at the line again with each piece would take minutes.
    expect(process.cpuUsage(started).user).toBeLessThan(3_000_000);
  });
});
