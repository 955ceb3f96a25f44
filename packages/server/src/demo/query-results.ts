import { fill } from "./facts.ts";
import type { ToolResult } from "./tool-results.ts";

/** What the database answers, which depends on what it is asked. */
export const queryResult: ToolResult = (facts, random, input) => {
  const { statement = "" } = input;
  if (statement.startsWith("EXPLAIN")) return queryPlan(facts, random, input);
  if (statement.includes("pg_stat_user_tables")) return tableStatistics(facts, random, input);
  return statement.includes("GROUP BY") ? countsByStatus(facts, random, input) : newestRows(facts, random, input);
};

const STATUSES = ["open", "paid", "cancelled", "refunded", "failed"];

const countsByStatus: ToolResult = (_facts, random) =>
  STATUSES.map((status) => ({ status, count: random.integer(3, 42_000) })).toSorted((a, b) => b.count - a.count);

const newestRows: ToolResult = (facts, random) =>
  Array.from({ length: 12 }, () => ({
    id: random.integer(100_000, 999_999),
    customer_id: random.integer(1_000, 9_999),
    status: random.pick(STATUSES),
    source: facts.service,
    region: facts.region,
  }));

const tableStatistics: ToolResult = (facts, random) => [
  {
    relname: facts.table,
    n_dead_tup: random.integer(900, 4_000_000),
    last_autovacuum: random.chance(0.5) ? null : "02:14 UTC",
  },
];

const queryPlan: ToolResult = (facts, random) =>
  random
    .pick(PLANS)
    .map((line) => fill(line, facts, random))
    .join("\n");

const PLANS = [
  [
    "Limit  (actual time={ms} rows=50 loops=1)",
    "  Buffers: shared hit={count} read={many}",
    "  ->  Sort  (actual time={ms} rows=50 loops=1)",
    "        Sort Key: created_at DESC",
    "        Sort Method: external merge  Disk: {many}kB",
    "        ->  Seq Scan on {table}  (actual time={ms} rows={many} loops=1)",
    "              Filter: (customer_id = {line})",
    "              Rows Removed by Filter: {many}",
    "Planning Time: 0.4 ms",
    "Execution Time: {ms}",
  ],
  [
    "Limit  (actual time=0.1 ms rows=50 loops=1)",
    "  Buffers: shared hit={count}",
    "  ->  Index Scan Backward using {table}_created_at_idx on {table}  (actual time={ms} rows=50 loops=1)",
    "        Filter: (customer_id = {line})",
    "        Rows Removed by Filter: {many}",
    "Planning Time: 0.3 ms",
    "Execution Time: {ms}",
  ],
];
