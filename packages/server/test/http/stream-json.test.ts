import { Hono } from "hono";
import { describe, expect, test } from "vitest";

import { systemClock } from "../../src/clock.ts";
import type { Environment } from "../../src/http/environment.ts";
import { listen } from "../../src/http/listen.ts";
import { streamJson } from "../../src/http/stream-json.ts";

/** An answer that is made of these pieces, over a real connection, and what the server logs of it. */
async function answerOf(pieces: () => AsyncGenerator<string, void>) {
  const logged: unknown[] = [];
  const app = new Hono<Environment>();
  app.get("/", (context) => {
    context.set("log", { error: (fields: object, text: string) => logged.push({ ...fields, text }) } as never);
    return streamJson(context, pieces());
  });
  const listener = await listen(app.fetch, { host: "127.0.0.1", port: 0 }, systemClock);
  return { logged, listener, response: await fetch(listener.url) };
}

describe("a document that is made piece by piece", () => {
  test("is JSON of all pieces in their order", async () => {
    const { response, listener } = await answerOf(async function* () {
      yield '{"a":[1';
      yield ",2";
      yield "]}";
    });
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.json()).toEqual({ a: [1, 2] });
    await listener.close();
  });

  test("breaks the connection where its making fails, so that half of it is not taken for the whole", async () => {
    const { response, logged, listener } = await answerOf(async function* () {
      yield `{"a":"${"x".repeat(100_000)}"`;
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error("a password of the database");
    });
    const decoder = new TextDecoder();
    let read = "";
    const reading = (async () => {
      for await (const piece of response.body!) read += decoder.decode(piece, { stream: true });
    })();
    await expect(reading).rejects.toThrow();
    expect(read).not.toContain("password");
    expect(logged).toMatchObject([{ err: { message: "a password of the database" }, text: "an answer broke off" }]);
    await listener.close();
  });
});
