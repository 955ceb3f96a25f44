import type pg from "pg";

/** Everything that recording has stored, row by row, in an order that does not depend on how it was stored. */
export async function storedRows(pool: pg.Pool): Promise<Record<string, Record<string, unknown>[]>> {
  const read = async (query: string): Promise<Record<string, unknown>[]> => {
    const { rows } = await pool.query<Record<string, unknown>>(query);
    return rows;
  };
  return {
    chats: await read("SELECT * FROM chats ORDER BY id"),
    runs: await read("SELECT * FROM chat_debug_runs ORDER BY id"),
    steps: await read("SELECT * FROM chat_debug_steps ORDER BY id"),
    payloads: await read("SELECT * FROM chat_debug_payloads ORDER BY step_id"),
  };
}

/** How many rows each of these tables holds. */
export async function countRows(pool: pg.Pool): Promise<Record<string, number>> {
  const rows = await storedRows(pool);
  return Object.fromEntries(Object.entries(rows).map(([table, { length }]) => [table, length]));
}

/** One row by its id. */
export async function storedRow(
  pool: pg.Pool,
  table: "chats" | "chat_debug_runs" | "chat_debug_steps",
  id: string,
): Promise<Record<string, unknown> | undefined> {
  const { rows } = await pool.query<Record<string, unknown>>(`SELECT * FROM ${table} WHERE id = $1`, [id]);
  return rows[0];
}

/** Every byte that every table of the application holds, as text and as hexadecimal text of what is binary. */
export async function everyStoredByte(pool: pg.Pool): Promise<string> {
  const { rows: tables } = await pool.query<{ name: string }>(
    "SELECT format('%I', relname) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
  );
  const texts = await Promise.all(
    tables.map(
      async ({ name }) => (await pool.query<{ text: string }>(`SELECT t::text AS text FROM ${name} AS t`)).rows,
    ),
  );
  return texts
    .flat()
    .map(({ text }) => text)
    .join("\n");
}
