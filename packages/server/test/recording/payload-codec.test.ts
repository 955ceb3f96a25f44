import { describe, expect, it } from "vitest";

import { decodeText, encodeText } from "../../src/recording/payload-codec.ts";

const STORED_TEXT = JSON.stringify({
  content: [
    { type: "text", text: "What was stored once must stay readable for as long as it is kept: \u2028 \u{1f4be}." },
  ],
  finish_reason: "stop",
  usage: { input_tokens: 12, output_tokens: 34, total_tokens: 46 },
  warnings: [],
});

/** Bytes that versions of the server stored. They are never made again: a change that cannot read them loses data. */
const SAMPLES = {
  "0, plain":
    "AHsiY29udGVudCI6W3sidHlwZSI6InRleHQiLCJ0ZXh0IjoiV2hhdCB3YXMgc3RvcmVkIG9uY2UgbXVzdCBzdGF5IHJlYWRhYmxl" +
    "IGZvciBhcyBsb25nIGFzIGl0IGlzIGtlcHQ6IOKAqCDwn5K+LiJ9XSwiZmluaXNoX3JlYXNvbiI6InN0b3AiLCJ1c2FnZSI6eyJp" +
    "bnB1dF90b2tlbnMiOjEyLCJvdXRwdXRfdG9rZW5zIjozNCwidG90YWxfdG9rZW5zIjo0Nn0sIndhcm5pbmdzIjpbXX0=",
  "1, zstd":
    "ASi1L/0g2VUFAKJLJiegJ+mfVY3VNbj0myDk2nZIsgER+ZvbjTTZjWxtrioqG/SKDZOo6kFPApG8SqpcBzF6CJLlrjdKBt6okUBA" +
    "8iY+9Io3TCo7yajcNkZm9Ovk1D1cCseqVA2jxGOABoWFB2NIcLB0Bh+2yq6U1MX2bGnDcDE4xuGyyH3t2xwYLlKNgUu/tgexn6PA" +
    "CfkIeCcjE7kdRPITn7qwEwQASBX32GRTK3avoeAB",
  "2, zstd with the first dictionary":
    "AgBgTQIA2GNlIG11dGF5YWtlcHQ6IOKAqCDwn5K+LjI0Ng/wiw0I3Jn7++ThSCS3k6WL9tTFomyop+snEQ7Jb62/NJCBLq5dhmPJmxOhKg==",
};

describe("a stored text", () => {
  it.each(Object.entries(SAMPLES))("of the codec %s reads as it was written", async (_, stored) => {
    expect(await decodeText(Buffer.from(stored, "base64"))).toBe(STORED_TEXT);
  });

  it("is compressed with the dictionary now", async () => {
    const stored = await encodeText(STORED_TEXT);
    expect(stored[0]).toBe(2);
    expect(await decodeText(stored)).toBe(STORED_TEXT);
    expect(stored.length).toBeLessThan(Buffer.from(SAMPLES["1, zstd"], "base64").length * 0.75);
  });

  it("stays plain where compression would make it longer", async () => {
    for (const text of [
      "",
      "{}",
      "\u0001\u0002\u0003\u0005\u0006\u0007\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019qXzjK",
    ]) {
      const stored = await encodeText(text);
      expect(stored[0]).toBe(0);
      expect(await decodeText(stored)).toBe(text);
    }
  });

  it("keeps the flags of its writer in the first byte", async () => {
    for (const text of ["{}", STORED_TEXT]) {
      const stored = await encodeText(text, 0x10);
      expect((stored[0] ?? 0) & 0xf0).toBe(0x10);
      expect(await decodeText(stored)).toBe(text);
    }
  });

  it.each([
    ["is empty", Buffer.alloc(0)],
    ["has a codec of the future", Buffer.of(9, 1, 2, 3)],
    ["is no frame", Buffer.of(1, 1, 2, 3)],
    ["is no frame of the dictionary", Buffer.of(2, 1, 2, 3)],
  ])("that %s is an error", async (_, stored) => {
    await expect(decodeText(stored)).rejects.toThrow();
  });
});
