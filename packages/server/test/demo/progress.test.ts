import { expect, it } from "vitest";

import { Progress } from "../../src/demo/progress.ts";
import { FakeClock } from "../fake-clock.ts";

function progressOn({ isTTY }: { isTTY: boolean }) {
  const clock = new FakeClock();
  const written: string[] = [];
  const output = { isTTY, write: (text: string) => written.push(text) };
  return { clock, written, progress: new Progress(200, { output, clock }) };
}

it("draws a bar over itself on a terminal, and leaves it on a line of its own", async () => {
  const { clock, written, progress } = progressOn({ isTTY: true });
  progress.show(0, "0 runs");
  progress.show(1, "too soon after the last");
  await clock.advance(100);
  progress.show(100, "800 runs");
  progress.show(200, "1600 runs");
  progress.end();
  expect(written).toEqual([
    `\r\u001b[2K${"░".repeat(30)}   0 %  0/200 chats, 0 runs`,
    `\r\u001b[2K${"█".repeat(15)}${"░".repeat(15)}  50 %  100/200 chats, 800 runs`,
    `\r\u001b[2K${"█".repeat(30)} 100 %  200/200 chats, 1600 runs`,
    "\n",
  ]);
});

it("writes a plain line every two seconds where nobody watches, and one at the end", async () => {
  const { clock, written, progress } = progressOn({ isTTY: false });
  progress.show(1, "too soon");
  await clock.advance(2_000);
  progress.show(50, "400 runs");
  progress.show(51, "too soon");
  progress.show(200, "1600 runs");
  progress.end();
  expect(written).toEqual([" 25 %  50 of 200 chats, 400 runs\n", "100 %  200 of 200 chats, 1600 runs\n"]);
});
