import { Writable } from "node:stream";

import { expect, it } from "vitest";

import { createLog } from "../../src/log.ts";
import { logNotifier } from "../../src/notify/log-notifier.ts";
import { testDigest } from "./test-digest.ts";

it("the log gets ids and counts, and never a title or an address", async () => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const digest = testDigest();
  await logNotifier(createLog("info", sink)).deliver(digest, new AbortController().signal);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    level: "info",
    digest_id: digest.id,
    owner_id: digest.owner.id,
    archived: 9,
    auto_archive_days: 90,
    retention_days: 30,
  });
  expect(lines.join("")).not.toMatch(/Quarterly|Überraschung|ana@example/);
});
