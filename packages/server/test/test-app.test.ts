import { expect, test } from "vitest";

import { completeRun } from "./debug-batches.ts";
import { createTestApp } from "./test-app.ts";

test("what the client records is what it reads", async () => {
  const { createUser, client } = await createTestApp();
  const { key } = await createUser();
  const { run, step, batch } = completeRun();

  expect(await client(key).recordDebugBatch(batch)).toEqual({ accepted: 2, rejected: [] });

  const read = await client(key).getDebugRun(run.chat_id, run.id);
  expect(read.steps).toMatchObject([{ id: step.id, normalized_request: step.normalized_request }]);
});
