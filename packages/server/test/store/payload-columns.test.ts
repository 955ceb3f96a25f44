import { expect, test } from "vitest";

import { completeRun } from "../debug-batches.ts";
import { createTestApp } from "../test-app.ts";

test("no payload column is compressed a second time by the server, in the partitions of today and in the kept one", async () => {
  const app = await createTestApp();
  const user = await app.createUser();
  await app.client(user.key).recordDebugBatch(completeRun().batch);
  const { rows } = await app.pool.query<{ partition: string; column: string; storage: string }>(
    `SELECT relid::text AS partition, attname AS column, attstorage::text AS storage
     FROM pg_partition_tree('chat_debug_payloads') JOIN pg_attribute ON attrelid = relid
     WHERE atttypid = 'bytea'::regtype AND NOT attisdropped`,
  );
  expect(new Set(rows.map(({ partition }) => partition)).size).toBe(3);
  expect(new Set(rows.map(({ column }) => column))).toEqual(
    new Set(["request", "response", "attempts", "chunks", "chunk_index"]),
  );
  expect(rows.filter(({ storage }) => storage !== "e")).toEqual([]);
});
