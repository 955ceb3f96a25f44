import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { truncateBytes, truncateCharacters } from "../src/index.ts";

const encoder = new TextEncoder();
const bytes = (text: string) => encoder.encode(text).length;
const anyText = fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", "[TRUNCATED]", "\ud83d") });

describe("cutting to bytes", () => {
  it("keeps a text of exactly 50,000 bytes and marks one of a byte more", () => {
    expect(truncateBytes("a".repeat(50_000))).toBe("a".repeat(50_000));
    expect(truncateBytes("a".repeat(50_001))).toBe(`${"a".repeat(50_000)}[TRUNCATED]`);
    expect(truncateBytes("é".repeat(25_000))).toBe("é".repeat(25_000));
  });

  it("cuts before a character that would be split", () => {
    expect(truncateBytes("aé", 2)).toBe("a[TRUNCATED]");
    expect(truncateBytes("a😀", 4)).toBe("a[TRUNCATED]");
    expect(truncateBytes("€€", 5)).toBe("€[TRUNCATED]");
  });

  it("stays within the limit, keeps the beginning, and twice is as good as once", () => {
    fc.assert(
      fc.property(anyText, fc.nat(40), (text, limit) => {
        const cut = truncateBytes(text, limit);
        const content = cut.replace(/\[TRUNCATED\]$/, "");
        expect(bytes(content)).toBeLessThanOrEqual(limit);
        expect(text.startsWith(content)).toBe(true);
        expect(truncateBytes(cut, limit)).toBe(cut);
        if (bytes(text) <= limit) expect(cut).toBe(text);
        if (cut !== text) expect(bytes(content)).toBeGreaterThan(limit - 4);
      }),
    );
  });
});

describe("cutting to characters", () => {
  it("keeps a text of exactly 10,000 characters and cuts one of a character more", () => {
    expect(truncateCharacters("a".repeat(10_000))).toBe("a".repeat(10_000));
    expect(truncateCharacters("a".repeat(10_001))).toBe("a".repeat(10_000));
  });

  it("never splits a surrogate pair and stays within the limit", () => {
    const wellFormed = fc.string({ unit: fc.constantFrom("a", "é", "😀") });
    fc.assert(
      fc.property(wellFormed, fc.integer({ min: 1, max: 40 }), (text, limit) => {
        const cut = truncateCharacters(text, limit);
        expect(cut.length).toBeLessThanOrEqual(limit);
        expect(cut.length).toBeGreaterThanOrEqual(Math.min(text.length, limit) - 1);
        expect(cut.isWellFormed()).toBe(true);
        expect(text.startsWith(cut)).toBe(true);
        expect(truncateCharacters(cut, limit)).toBe(cut);
      }),
    );
  });
});
