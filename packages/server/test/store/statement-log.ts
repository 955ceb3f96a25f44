import { AsyncLocalStorage } from "node:async_hooks";

import type pg from "pg";

import type { Store } from "../../src/store/store.ts";

type Method = keyof Store;

/** Remembers which statements each method of a store sends to the database. */
export class StatementLog {
  readonly #calling = new AsyncLocalStorage<Method>();
  readonly #statements = new Map<Method, Set<string>>();
  readonly #listening = new WeakSet<pg.PoolClient>();

  /** Listens to every connection that the pool gives out. */
  listen(pool: pg.Pool): void {
    const connect = pool.connect.bind(pool) as () => Promise<pg.PoolClient>;
    pool.connect = (async () => {
      const client = await connect();
      if (!this.#listening.has(client)) {
        this.#listening.add(client);
        const query = client.query.bind(client) as (...input: unknown[]) => unknown;
        client.query = ((...input: unknown[]) => {
          if (typeof input[0] === "string") this.#add(input[0]);
          return query(...input);
        }) as typeof client.query;
      }
      return client;
    }) as typeof pool.connect;
  }

  /** The same store, whose statements are counted towards the method that sends them. */
  attribute(store: Store): Store {
    const attributed = Object.entries(store).map(([name, method]) => [
      name,
      (...input: unknown[]) =>
        this.#calling.run(name as Method, () => (method as (...input: unknown[]) => unknown)(...input)),
    ]);
    return Object.fromEntries(attributed) as Store;
  }

  /** The statements of a method, each once, in the order of their first appearance. */
  statementsOf(method: Method): string {
    return [...(this.#statements.get(method) ?? [])].map((statement) => `${statement};\n`).join("\n");
  }

  #add(statement: string): void {
    const method = this.#calling.getStore();
    if (method === undefined) return;
    const known = this.#statements.get(method) ?? new Set();
    this.#statements.set(method, known.add(dedent(withoutRandomNames(statement))));
  }
}

/** A partition's name ends with chance, and so that no name is used twice it must. */
function withoutRandomNames(statement: string): string {
  return statement.replaceAll(/(chat_debug_payloads_\d+_)[0-9a-f]{8}/g, "$1xxxxxxxx");
}

/** A statement as it stands in its template, moved to the left. */
function dedent(statement: string): string {
  const lines = statement.split("\n").filter((line) => line.trim() !== "");
  const indented = lines.filter((_, index) => index > 0 || statement.startsWith("\n"));
  const margin = Math.min(...indented.map((line) => /^ */.exec(line)?.[0].length ?? 0));
  return lines.map((line) => (indented.includes(line) ? line.slice(margin) : line).trimEnd()).join("\n");
}
