import { Writable } from "node:stream";

import { expect, test } from "vitest";

import { createLog } from "../../src/log.ts";
import { libraryLogger } from "../../src/sign-in/library-log.ts";

function logged(level: "error" | "warn", message: string, ...details: unknown[]): Record<string, unknown>[] {
  const records: Record<string, unknown>[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      records.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  libraryLogger(createLog("debug", sink)).log?.(level, message, ...details);
  return records;
}

test("what the library passes along is logged by a few names, and nothing else of it", () => {
  const answer = { status: 400, error: "invalid_grant", error_description: "The code has expired.", id_token: "eyJ0" };
  expect(logged("error", "no tokens", answer, { provider: { clientSecret: "hunter2" } }, "eyJ1", null)).toEqual([
    {
      level: "error",
      time: expect.any(String) as unknown,
      status: 400,
      error: "invalid_grant",
      error_description: "The code has expired.",
      msg: "no tokens",
    },
  ]);
});

test("an error is logged with what it says, and not with what hangs on it", () => {
  const error = Object.assign(new Error("the signature is wrong"), { token: "eyJ0" });
  const [record] = logged("error", "refused", error);
  expect(record).toMatchObject({ err: { message: "the signature is wrong" } });
  expect(JSON.stringify(record)).not.toContain("eyJ0");
});

test("a field of a telling name is logged where it is a text or a number alone", () => {
  expect(logged("error", "refused", { error: { id_token: "eyJ0" }, status: {} })[0]).not.toHaveProperty("error");
});

test("what the library warns of is the everyday business of signing in", () => {
  expect(logged("warn", "Invalid password")).toMatchObject([{ level: "debug", msg: "Invalid password" }]);
});
