import { expect, test } from "vitest";
import { createTestDatabase } from "./test-database.ts";

test("a test database is migrated and belongs to one test alone", async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  await one.pool.query("create table only_here ()");
  const { rows } = await other.pool.query("select to_regclass('only_here') as found, to_regclass('chats') as migrated");
  expect(rows).toEqual([{ found: null, migrated: "chats" }]);
});
