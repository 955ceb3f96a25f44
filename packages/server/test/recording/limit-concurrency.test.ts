import { expect, test } from "vitest";

import { limitConcurrency } from "../../src/recording/limit-concurrency.ts";

test("so many calls run at a time, the others in their order, and one that fails gives its place back", async () => {
  const started: number[] = [];
  const endings: ((failed: boolean) => void)[] = [];
  const call = limitConcurrency(
    2,
    (number: number) =>
      new Promise<number>((resolve, reject) => {
        started.push(number);
        endings.push((failed) => (failed ? reject(new Error(`call ${number}`)) : resolve(number)));
      }),
  );
  const calls = [1, 2, 3, 4, 5].map((number) => call(number));
  const settled = Promise.allSettled(calls);
  expect(started).toEqual([1, 2]);
  endings[1]?.(true);
  await expect(calls[1]).rejects.toThrow("call 2");
  expect(started).toEqual([1, 2, 3]);
  endings[0]?.(false);
  endings[2]?.(false);
  await Promise.all([calls[0], calls[2]]);
  expect(started).toEqual([1, 2, 3, 4, 5]);
  endings[3]?.(false);
  endings[4]?.(false);
  expect((await settled).map(({ status }) => status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
    "fulfilled",
  ]);
});
