import type pg from "pg";
import { pino } from "pino";

import { createPool } from "../src/postgres/pool.ts";

/** A plan as `auto_explain` reports it, for every statement that really ran. */
export interface Plan {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Actual Rows"?: number;
  readonly "Actual Loops"?: number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly Plan[];
}

export interface ExplainedStatement {
  readonly statement: string;
  readonly plan: Plan;
}

/** A pool of connections on which PostgreSQL explains every statement, with what it really read. */
export class ExplainedStatements implements AsyncDisposable {
  readonly pool: pg.Pool;
  #collected: ExplainedStatement[] = [];

  constructor(url: string) {
    const settings = {
      session_preload_libraries: "auto_explain",
      "auto_explain.log_min_duration": "0",
      "auto_explain.log_analyze": "on",
      "auto_explain.log_timing": "off",
      "auto_explain.log_format": "json",
      client_min_messages: "log",
    };
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
    this.pool = createPool({
      url: `${url}?options=${encodeURIComponent(options.join(" "))}`,
      applicationName: "test-explained",
      log: pino({ level: "silent" }),
      max: 4,
      connectionTimeoutMs: 240_000,
    });
    this.pool.on("connect", (client) => {
      client.on("notice", ({ message = "" }) => this.#collect(message));
    });
  }

  /** The plans of the statements that this sends. */
  async of(work: () => Promise<unknown>): Promise<ExplainedStatement[]> {
    this.#collected = [];
    await work();
    if (this.#collected.length === 0) throw new Error("No statement was explained.");
    return this.#collected;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.pool.end();
  }

  #collect(message: string): void {
    const json = /plan:\n([\s\S]*)$/.exec(message)?.[1];
    if (json === undefined) return;
    const report = JSON.parse(json) as { "Query Text": string; Plan: Plan };
    this.#collected.push({ statement: report["Query Text"], plan: report.Plan });
  }
}

/** A plan with everything below it. */
function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}

/** The rows of a table that a statement looked at, kept or not. */
export function rowsRead({ plan }: ExplainedStatement, table: string): number {
  return nodesOf(plan)
    .filter((node) => node["Relation Name"] === table)
    .reduce((sum, node) => {
      const rows = (node["Actual Rows"] ?? 0) + (node["Rows Removed by Filter"] ?? 0);
      return sum + rows * (node["Actual Loops"] ?? 1);
    }, 0);
}
