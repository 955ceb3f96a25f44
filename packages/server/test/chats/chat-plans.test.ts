import { PAGE_DEFAULT } from "@shelflife/api-contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { openDatabase } from "../../src/store/database.ts";
import { createStore, type Store } from "../../src/store/store.ts";
import { ExplainedStatements, rowsRead } from "../explained-statements.ts";
import { FakeClock } from "../fake-clock.ts";
import { createTestDatabase } from "../postgres/test-database.ts";

/** People, chats of each, messages of the first chat, and its debug runs. */
const PEOPLE = 20;
const CHATS = 5_000;
const MESSAGES = 200_000;
const RUNS = 100_000;

/** When the message n was written, and the run after it began. */
const SECOND = "'2026-01-01'::timestamptz + make_interval(secs => n)";

/** No statement reads more rows of a table than this: a page of each kind with what is left out in between. */
const FEW = 2 * PAGE_DEFAULT + 100;

let explained: ExplainedStatements;
let store: Store;
/** Somebody with many chats, one of which has many messages. */
let reader: { readerId: string; chatId: string; fileId: string };
const page = { archived: false, limit: PAGE_DEFAULT };

beforeAll(async () => {
  const { pool, url } = await createTestDatabase();
  await pool.query(`INSERT INTO users (email) SELECT n || '@example.com' FROM generate_series(1, $1) AS n`, [PEOPLE]);
  // Every hundredth is pinned, every tenth archived, and every fifth a child of the one before.
  await pool.query(
    `INSERT INTO chats (owner_id, organization_id, title, archived, pin_order, updated_at)
     SELECT person.id, organization.id, 'Chat ' || n, n % 10 = 0, CASE WHEN n % 100 = 1 THEN n ELSE 0 END,
       '2026-01-01'::timestamptz + make_interval(secs => n)
     FROM users AS person, organizations AS organization, generate_series(1, $1) AS n`,
    [CHATS],
  );
  await pool.query(
    `UPDATE chats SET root_chat_id = root.id, parent_chat_id = root.id
     FROM chats AS root
     WHERE root.owner_id = chats.owner_id AND root.updated_at = chats.updated_at - interval '1 second'
       AND extract(second FROM chats.updated_at)::int % 5 = 2`,
  );
  const { rows } = await pool.query<{ owner_id: string; id: string }>(
    "SELECT owner_id, id FROM chats WHERE root_chat_id IS NULL AND NOT archived AND pin_order = 0 ORDER BY owner_id LIMIT 1",
  );
  const { owner_id: readerId = "", id: chatId = "" } = rows[0] ?? {};
  await pool.query(
    `INSERT INTO chat_messages (chat_id, role, content, created_at)
     SELECT $1, CASE WHEN n % 2 = 0 THEN 'user' ELSE 'assistant' END, '[{"type": "text", "text": "x"}]', ${SECOND}
     FROM generate_series(1, $2) AS n`,
    [chatId, MESSAGES],
  );
  // Every other run names its message, and every fourth has a step that names it.
  await pool.query(
    `INSERT INTO chat_debug_runs (chat_id, status, trigger_message_id, started_at)
     SELECT $1, 'completed', CASE WHEN n % 2 = 0 THEN n END, ${SECOND} FROM generate_series(1, $2) AS n`,
    [chatId, RUNS],
  );
  await pool.query(
    `INSERT INTO chat_debug_steps (chat_id, run_id, step_number, assistant_message_id)
     SELECT chat_id, id, 1, CASE WHEN trigger_message_id % 4 = 0 THEN trigger_message_id END FROM chat_debug_runs`,
  );
  await pool.query(
    `INSERT INTO chat_files (owner_id, organization_id, mimetype, data)
     SELECT person.id, organization.id, 'text/plain', 'x' FROM users AS person, organizations AS organization, generate_series(1, 2000)`,
  );
  const { rows: files } = await pool.query<{ id: string }>("SELECT id FROM chat_files WHERE owner_id <> $1 LIMIT 1", [
    readerId,
  ]);
  const fileId = files[0]?.id ?? "";
  await pool.query(`INSERT INTO chat_file_links (chat_id, file_id) SELECT $1, id FROM chat_files WHERE id = $2`, [
    chatId,
    fileId,
  ]);
  await pool.query("VACUUM ANALYZE");
  reader = { readerId, chatId, fileId };
  explained = new ExplainedStatements(url);
  const database = openDatabase(explained.pool);
  store = createStore({ database, directDatabase: database, clock: new FakeClock() });
});

afterAll(() => explained[Symbol.asyncDispose]());

/** The most rows of a table that one statement of this reads. */
async function mostRowsRead(table: string, work: () => Promise<unknown>): Promise<number> {
  return Math.max(...(await explained.of(work)).map((statement) => rowsRead(statement, table)));
}

// In this order, since the last one takes away what the others read.
describe(`over ${PEOPLE * CHATS} chats and ${MESSAGES} messages, a few rows are read`, { shuffle: false }, () => {
  test("and this test finds out where it is otherwise", async () => {
    const search = { readerId: reader.readerId, ...page, title: "nowhere to be found" };
    expect(await mostRowsRead("chats", () => store.listChats(search))).toBeGreaterThan(FEW);
  });

  test("for the first page of chats and for one far down", async () => {
    const { readerId } = reader;
    const list = (): Promise<unknown> => store.listChats({ readerId, ...page });
    expect(await mostRowsRead("chats", list)).toBeLessThan(FEW);
    expect(await mostRowsRead("chat_messages", list)).toBeLessThan(FEW);
    expect(await mostRowsRead("chat_debug_runs", list)).toBeLessThan(FEW);
    const { rows } = await explained.pool.query<{ id: string }>(
      `SELECT id FROM chats WHERE owner_id = $1 AND root_chat_id IS NULL AND NOT archived AND pin_order = 0
       ORDER BY updated_at DESC OFFSET 2000 LIMIT 1`,
      [readerId],
    );
    let found = 0;
    const read = await mostRowsRead("chats", async () => {
      found = (await store.listChats({ readerId, ...page, afterId: rows[0]?.id }))?.length ?? 0;
    });
    expect([found, read < FEW]).toEqual([PAGE_DEFAULT, true]);
  });

  test("for a page of pinned chats after another", async () => {
    const { readerId } = reader;
    const first = await store.listChats({ readerId, ...page, limit: 10 });
    const after = { readerId, ...page, limit: 10, afterId: first?.at(-1)?.id };
    expect(await mostRowsRead("chats", () => store.listChats(after))).toBeLessThan(FEW);
  });

  test("for a page of another person's chats", async () => {
    const list = (): Promise<unknown> => store.listForeignChats({ ownerId: reader.readerId, ...page });
    expect(await mostRowsRead("chats", list)).toBeLessThan(FEW);
  });

  test("for one chat with its children and files", async () => {
    const read = (): Promise<unknown> => store.readChat(reader);
    expect(await mostRowsRead("chats", read)).toBeLessThan(10);
    expect(await mostRowsRead("chat_messages", read)).toBeLessThan(10);
    expect(await mostRowsRead("chat_debug_runs", read)).toBeLessThan(10);
    expect(await mostRowsRead("chat_files", read)).toBeLessThan(10);
  });

  test("for pages of messages, in either direction", async () => {
    for (const cursor of [{}, { beforeId: MESSAGES / 2 }, { afterId: MESSAGES / 2 }]) {
      const list = (): Promise<unknown> => store.listMessages({ ...reader, ...cursor, limit: PAGE_DEFAULT });
      expect(await mostRowsRead("chat_messages", list)).toBeLessThan(FEW);
    }
  });

  test("for a message that names a file, and for the file by itself", async () => {
    const message = {
      ...reader,
      ownerId: reader.readerId,
      role: "user" as const,
      content: [],
      fileIds: [reader.fileId],
    };
    const send = (): Promise<unknown> => store.addMessage(message);
    for (const table of ["chats", "chat_messages", "chat_files", "chat_file_links"]) {
      expect([table, (await mostRowsRead(table, send)) < 10]).toEqual([table, true]);
    }
    expect(await mostRowsRead("chat_file_links", () => store.describeFile(reader))).toBeLessThan(10);
  });

  test("for the runs that an edited message takes along, however many stay", async () => {
    const edit = { ...reader, ownerId: reader.readerId, messageId: RUNS - 40, content: [], fileIds: [] };
    const read = await explained.of(() => store.editMessage(edit));
    for (const table of ["chat_debug_runs", "chat_debug_steps"]) {
      expect([table, Math.max(...read.map((statement) => rowsRead(statement, table))) < FEW]).toEqual([table, true]);
    }
    const { rows } = await explained.pool.query("SELECT count(*)::int AS runs FROM chat_debug_runs");
    expect(rows).toEqual([{ runs: RUNS - 41 }]);
  });
});
