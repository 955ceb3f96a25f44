import pg from "pg";

/** The role that owns everything in an embedded cluster, and the name of its database. */
export const EMBEDDED_ROLE = "shelflife";

/** Logs in, and creates the application's database where this is the first start that got so far. */
export async function openEmbeddedDatabase(port: number, password: string): Promise<{ url: string; version: string }> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port,
    user: EMBEDDED_ROLE,
    password,
    database: "postgres",
    // Said here, because pg would otherwise follow PGSSLMODE, which is meant for somebody's own server.
    ssl: false,
    connectionTimeoutMillis: 10_000,
  });
  // The end of the connection shows in the query that runs; without a listener it would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; exists: boolean }>(
      "select current_setting('server_version') as version, " +
        "exists (select from pg_database where datname = $1) as exists",
      [EMBEDDED_ROLE],
    );
    if (rows[0]?.exists !== true) await client.query(`create database ${EMBEDDED_ROLE}`);
    return {
      url: `postgres://${EMBEDDED_ROLE}:${password}@127.0.0.1:${port}/${EMBEDDED_ROLE}?sslmode=disable`,
      version: rows[0]?.version ?? "",
    };
  } finally {
    await client.end();
  }
}
