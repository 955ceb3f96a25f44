import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type BodyListener, tapResponse } from "../src/http/response-tap.ts";
import { settle } from "./fake-clock.ts";

/** Remembers what it was told. */
class Notes implements BodyListener {
  readonly told: string[] = [];
  text = "";

  asked(): void {
    this.told.push("asked");
  }

  passed(bytes: Uint8Array): void {
    this.told.push("passed");
    this.text += new TextDecoder().decode(bytes, { stream: true });
  }

  ended(): void {
    this.told.push("ended");
  }

  left(): void {
    this.told.push("left");
  }

  broke(error: unknown): void {
    this.told.push(`broke: ${String(error)}`);
  }
}

/** A body that is made as it is asked for, and knows how often it was. */
class Source {
  readonly pieces: string[];
  readonly ends: "closes" | "breaks" | "hangs";
  pulls = 0;
  cancelledWith: unknown;
  #abort: ((reason: unknown) => void) | undefined;

  constructor(pieces: string[], ends: Source["ends"] = "closes") {
    this.pieces = pieces;
    this.ends = ends;
  }

  response(kind: "bytes" | "plain" = "bytes"): Response {
    const left = [...this.pieces];
    const source = {
      start: (controller: { error(reason: unknown): void }) => {
        this.#abort = (reason) => controller.error(reason);
      },
      pull: (controller: {
        enqueue(piece: Uint8Array<ArrayBuffer>): void;
        close(): void;
        error(reason: unknown): void;
      }) => {
        this.pulls += 1;
        const piece = left.shift();
        if (piece !== undefined) controller.enqueue(new TextEncoder().encode(piece));
        else if (this.ends === "closes") controller.close();
        else if (this.ends === "breaks") controller.error(new Error("broken"));
      },
      cancel: (reason: unknown) => {
        this.cancelledWith = reason;
      },
    };
    const body =
      kind === "bytes"
        ? new ReadableStream({ type: "bytes", ...source })
        : new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
    return new Response(body, { headers: { "content-type": "text/plain" } });
  }

  abort(reason: unknown): void {
    this.#abort?.(reason);
  }
}

function tap(response: Response, listener: BodyListener): Response {
  return tapResponse(response, listener) ?? expect.fail("The response was not listened to.");
}

describe.each(["bytes", "plain"] as const)("a body of %s", (kind) => {
  it("is asked for a piece when its reader asks, and never before", async () => {
    const source = new Source(["one", "two", "three"]);
    const notes = new Notes();
    const reader = tap(source.response(kind), notes).body?.getReader();
    await settle();
    expect(source.pulls).toBe(0);
    for (const pulls of [1, 2]) {
      await reader?.read();
      await settle();
      expect(source.pulls).toBe(pulls);
    }
    expect(notes.told).toEqual(["asked", "passed", "asked", "passed"]);
    expect(notes.text).toBe("onetwo");
  });

  it("is told to its end", async () => {
    const notes = new Notes();
    expect(await tap(new Source(["one", "two"]).response(kind), notes).text()).toBe("onetwo");
    expect(notes.text).toBe("onetwo");
    expect(notes.told.at(-1)).toBe("ended");
  });

  it("is cancelled with its reader's reason, read or not", async () => {
    for (const reads of [0, 1]) {
      const source = new Source(["one", "two"]);
      const notes = new Notes();
      const reader = tap(source.response(kind), notes).body?.getReader();
      for (let read = 0; read < reads; read += 1) await reader?.read();
      await reader?.cancel("enough");
      expect(source.cancelledWith).toBe("enough");
      expect(notes.told.at(-1)).toBe("left");
    }
  });

  it("breaks for its reader as it broke, once asked and in between", async () => {
    const notes = new Notes();
    await expect(tap(new Source(["one"], "breaks").response(kind), notes).text()).rejects.toThrow("broken");
    expect(notes.told.at(-1)).toBe("broke: Error: broken");

    const between = new Notes();
    const source = new Source(["one", "two"]);
    const reader = tap(source.response(kind), between).body?.getReader();
    await reader?.read();
    const aborted = new DOMException("Stopped.", "AbortError");
    source.abort(aborted);
    await expect(reader?.closed).rejects.toBe(aborted);
    await expect(reader?.read()).rejects.toBe(aborted);
    expect(between.told.filter((word) => word.startsWith("broke"))).toHaveLength(1);
  });

  it("reaches its reader whatever the listener does", async () => {
    const furious = new Proxy({} as BodyListener, {
      get: () => () => {
        throw new Error("A recorder's bug.");
      },
    });
    expect(await tap(new Source(["one", "two"]).response(kind), furious).text()).toBe("onetwo");
    await expect(tap(new Source(["one"], "breaks").response(kind), furious).text()).rejects.toThrow("broken");
    const source = new Source(["one"]);
    await tap(source.response(kind), furious).body?.cancel("enough");
    expect(source.cancelledWith).toBe("enough");
  });

  it("reads the same, however it is cut into pieces and however far it is read", async () => {
    const pieces = fc.array(fc.string({ minLength: 1, unit: "grapheme" }), { maxLength: 8 });
    const read = async (response: Response, steps: number): Promise<unknown[]> => {
      const reader = response.body?.getReader();
      const got: unknown[] = [];
      for (let step = 0; step < steps; step += 1) {
        try {
          const { done, value } = (await reader?.read()) ?? {};
          got.push([done, value && Buffer.from(value).toString("hex")]);
          if (done) break;
        } catch (error) {
          got.push(String(error));
          break;
        }
      }
      await reader?.cancel("enough").catch((error: unknown) => got.push(`cancel: ${String(error)}`));
      return got;
    };
    const ends = fc.constantFrom("closes" as const, "breaks" as const);
    await fc.assert(
      fc.asyncProperty(pieces, ends, fc.nat(10), async (given, end, steps) => {
        const bare = new Source(given, end);
        const tapped = new Source(given, end);
        const notes = new Notes();
        expect(await read(tap(tapped.response(kind), notes), steps)).toEqual(await read(bare.response(kind), steps));
        expect([tapped.pulls, tapped.cancelledWith]).toEqual([bare.pulls, bare.cancelledWith]);
        expect(notes.told.filter((word) => /ended|left|broke/.test(word))).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });
});

describe("the response", () => {
  it("is a response of the same class, and says of itself what the original said", async () => {
    const original = await fetch("data:text/plain;charset=utf-8,Hello");
    const { status, statusText, url, type, redirected, headers } = original;
    const tapped = tap(original, new Notes());
    expect(tapped).toBeInstanceOf(Response);
    for (const response of [tapped, tapped.clone()]) {
      expect(response).toMatchObject({ status, statusText, url, type, redirected, ok: true, bodyUsed: false });
      expect(response.headers).toBe(headers);
      expect(() => response.headers.set("x", "y")).toThrow();
    }
  });

  it("can be cloned, and both are whole", async () => {
    const notes = new Notes();
    const response = tap(new Source(["one", "two"]).response(), notes);
    const clone = response.clone();
    expect(await Promise.all([response.text(), clone.text()])).toEqual(["onetwo", "onetwo"]);
    expect(response.bodyUsed).toBe(true);
    expect(notes.text).toBe("onetwo");
  });

  it("lets its reader bring a buffer", async () => {
    const notes = new Notes();
    const reader = tap(new Source(["onetwo"]).response(), notes).body?.getReader({ mode: "byob" });
    const first = await reader?.read(new Uint8Array(4));
    expect(new TextDecoder().decode(first?.value)).toBe("onet");
    await reader?.read(new Uint8Array(4));
    expect(await reader?.read(new Uint8Array(4))).toMatchObject({ done: true });
    expect(notes.text).toBe("onetwo");
    expect(notes.told.at(-1)).toBe("ended");
  });

  it("of a class of somebody's own stays one", async () => {
    class OwnResponse extends Response {
      readonly own = "yes";
    }
    const response = tap(new OwnResponse("Hello"), new Notes());
    expect(response).toBeInstanceOf(OwnResponse);
    expect(response).toMatchObject({ own: "yes" });
    expect(await response.text()).toBe("Hello");
  });

  it.each([
    ["no body", new Response(null)],
    [
      "a body that is being read",
      (() => {
        const response = new Response("Hello");
        void response.text();
        return response;
      })(),
    ],
    [
      "a body of another kind",
      { status: 200, headers: new Headers(), body: { pipe: () => undefined } } as unknown as Response,
    ],
  ])("that has %s is left alone", (_, response) => {
    expect(tapResponse(response, new Notes())).toBeUndefined();
  });

  it("whose class makes something else of it is left alone and still whole", async () => {
    class OddResponse extends Response {
      constructor() {
        super("always the same", { status: 418 });
      }
    }
    const response = Object.defineProperty(new OddResponse(), "status", { value: 200 });
    expect(tapResponse(response, new Notes())).toBeUndefined();
    expect(await response.text()).toBe("always the same");
  });
});
