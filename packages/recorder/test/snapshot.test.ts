import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { CIRCULAR, TOO_DEEP, TOO_LARGE, UNREADABLE, snapshot } from "../src/snapshot.ts";

describe("a snapshot", () => {
  it("does not follow what the application changes afterwards", () => {
    const message = { role: "user", content: [{ type: "text", text: "before" }] };
    const copied = snapshot(message);
    message.content[0]!.text = "after";
    message.content.push({ type: "text", text: "more" });
    expect(copied).toEqual({ role: "user", content: [{ type: "text", text: "before" }] });
  });

  it("equals what JSON makes of any value", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        expect(JSON.stringify(snapshot(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it("never throws and is always JSON, whatever it is given", () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        const copied = snapshot(value);
        expect(JSON.parse(JSON.stringify(copied))).toEqual(copied);
      }),
    );
  });

  it("knows one zero, as JSON does", () => {
    expect(Object.is(snapshot(-0), 0)).toBe(true);
  });

  it("writes dates, URLs and big numbers as text", () => {
    expect(snapshot({ at: new Date(0), to: new URL("https://example.com/x"), big: 12345678901234567890n })).toEqual({
      at: "1970-01-01T00:00:00.000Z",
      to: "https://example.com/x",
      big: "12345678901234567890",
    });
  });

  it("marks a value that holds itself and keeps one that is only used twice", () => {
    const twice = { shared: true };
    const circular: Record<string, unknown> = { twice: [twice, twice] };
    circular["self"] = circular;
    expect(snapshot(circular)).toEqual({ twice: [twice, twice], self: CIRCULAR });
  });

  it("marks a field whose getter throws and keeps its neighbours", () => {
    const value = {
      before: 1,
      get bad(): string {
        throw new Error("Do not look.");
      },
      after: 2,
    };
    expect(snapshot(value)).toEqual({ before: 1, bad: UNREADABLE, after: 2 });
  });

  it("marks what cannot be read at all", () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const angry = { toJSON: () => expect.fail("angry") };
    expect(snapshot([revoked.proxy, angry, 1])).toEqual([UNREADABLE, UNREADABLE, 1]);
  });

  it("keeps of bytes only how many they are", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    expect(snapshot({ bytes, buffer: Buffer.from("four"), array: bytes.buffer, blob: new Blob(["12345"]) })).toEqual({
      bytes: { byte_length: 3 },
      buffer: { byte_length: 4 },
      array: { byte_length: 3 },
      blob: { byte_length: 5 },
    });
  });

  it("stops at a depth that the server would refuse", () => {
    let deep: unknown = "bottom";
    for (let level = 0; level < 200; level += 1) deep = [deep];
    const text = JSON.stringify(snapshot(deep));
    expect(text).toContain(TOO_DEEP);
    expect(text.indexOf('"')).toBe(64);
  });

  it("stops after its number of values", () => {
    const wide = Array.from({ length: 1_000_000 }, (_, index) => index);
    const copied = snapshot(wide, 100) as unknown[];
    expect(copied.at(-1)).toBe(TOO_LARGE);
    expect(copied).toHaveLength(100);
  });

  it("keeps a field called __proto__ a field", () => {
    const copied = snapshot(JSON.parse('{"__proto__": {"polluted": true}}')) as object;
    expect(Object.getPrototypeOf(copied)).toBe(Object.prototype);
    expect(JSON.stringify(copied)).toBe('{"__proto__":{"polluted":true}}');
  });
});
