import { expect, test } from "vitest";

test("fails, on purpose", () => {
  expect("a failing test").toBe("a failed run");
});
