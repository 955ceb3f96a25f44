import type { NormalizedTool } from "@shelflife/api-contract";

import { fill, type Facts } from "./facts.ts";
import type { Random } from "./random.ts";
import { appliedPatch, codeExcerpt, commandOutput, searchHits } from "./code-results.ts";
import { queryResult } from "./query-results.ts";
import {
  deployments,
  handbookPassages,
  logLines,
  metricSeries,
  newTicket,
  orders,
  type ToolResult,
} from "./tool-results.ts";

interface DemoTool {
  readonly description: string;
  /** Its parameters, all texts; a parameter's own words describe it. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Sentences with slots, one for each parameter, or several to choose from. */
  readonly call: Readonly<Record<string, readonly string[]>>;
  readonly result: ToolResult;
  /** How long it may take, in milliseconds. */
  readonly longestMs: number;
}

/** What the agents of the demo can do. */
const TOOLS = {
  read_logs: {
    description: "Reads the newest log lines of a service, filtered by level and text.",
    parameters: {
      service: "Name of the service.",
      level: "The least severe level.",
      contains: "Text that a line must contain.",
    },
    call: {
      service: ["{service}"],
      level: ["warn", "error"],
      contains: ["timeout", "refused", "{host}", "upstream", ""],
    },
    result: logLines,
    longestMs: 2_500,
  },
  list_deployments: {
    description: "Lists the last deployments of a service with their versions and who made them.",
    parameters: { service: "Name of the service.", region: "Limits the list to one region." },
    call: { service: ["{service}"], region: ["{region}"] },
    result: deployments,
    longestMs: 900,
  },
  query_metrics: {
    description: "Evaluates a metrics expression over a time range and answers one value per step.",
    parameters: {
      expression: "The expression, in the language of the metrics server.",
      range: "How far back, for example 6h.",
    },
    call: {
      expression: [
        'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{job="{service}"}[5m])))',
        'sum(rate(http_requests_total{job="{service}",status=~"5.."}[5m]))',
        'process_resident_memory_bytes{job="{service}",instance="{host}"}',
        'pg_stat_activity_count{datname="{service}"}',
      ],
      range: ["1h", "6h", "24h", "7d"],
    },
    result: metricSeries,
    longestMs: 1_800,
  },
  run_command: {
    description: "Runs a shell command in the working copy and answers its output and exit status.",
    parameters: { command: "The command line.", reason: "Why it is run, in one sentence." },
    call: {
      command: [
        "npm test -- {function}",
        "git log --oneline -15 -- {file}",
        "kubectl get pods -l app={service}",
        "git diff {version} --stat",
        "du -sh /var/lib/{service}/*",
      ],
      reason: [
        "To see whether it still fails.",
        "To find out when it changed.",
        "To compare it with the state before {version}.",
      ],
    },
    result: commandOutput,
    longestMs: 14_000,
  },
  read_file: {
    description: "Reads a part of a file of the repository, with line numbers.",
    parameters: { path: "Path from the root of the repository.", from_line: "The first line." },
    call: { path: ["{file}"], from_line: ["{line}"] },
    result: codeExcerpt,
    longestMs: 300,
  },
  search_code: {
    description: "Searches the repository for a text or a regular expression and answers the matching lines.",
    parameters: { pattern: "What to search for.", folder: "Limits the search to a folder." },
    call: { pattern: ["{function}(", "import .*{function}", "{table}"], folder: ["src", "lib", "internal", "."] },
    result: searchHits,
    longestMs: 700,
  },
  apply_patch: {
    description: "Applies a unified diff to the working copy.",
    parameters: { path: "The file that is changed.", summary: "What the change does." },
    call: {
      path: ["{file}"],
      summary: [
        "Let {function} say when it failed.",
        "Stop the timer when the server closes.",
        "Limit the retries of {function}.",
      ],
    },
    result: appliedPatch,
    longestMs: 400,
  },
  query_database: {
    description: "Runs a read-only SQL statement on the replica and answers at most 50 rows.",
    parameters: { statement: "One SELECT statement." },
    call: {
      statement: [
        "SELECT status, count(*) FROM {table} WHERE created_at > now() - interval '7 days' GROUP BY status ORDER BY 2 DESC",
        "EXPLAIN (ANALYZE, BUFFERS) SELECT * FROM {table} WHERE customer_id = {line} ORDER BY created_at DESC LIMIT 50",
        "SELECT id, customer_id, created_at, updated_at FROM {table} ORDER BY updated_at DESC LIMIT 12",
        "SELECT relname, n_dead_tup, last_autovacuum FROM pg_stat_user_tables WHERE relname = '{table}'",
      ],
    },
    result: queryResult,
    longestMs: 6_000,
  },
  search_orders: {
    description: "Finds a customer's orders and payments by name, number or amount.",
    parameters: { customer: "The customer's name.", text: "An order number or an amount." },
    call: { customer: ["{customer}"], text: ["{count}", "{amount}", ""] },
    result: orders,
    longestMs: 1_200,
  },
  search_docs: {
    description: "Searches the handbook and answers the best passages.",
    parameters: { query: "What to look for." },
    call: {
      query: [
        "refund after thirty days",
        "encoding of imports",
        "credit for an outage",
        "rounding of tax",
        "definition of an active account",
      ],
    },
    result: handbookPassages,
    longestMs: 800,
  },
  create_ticket: {
    description: "Opens a ticket and answers its key.",
    parameters: { project: "The project's key.", title: "The title.", body: "What is to be done, and why." },
    call: {
      project: ["OPS", "PAY", "CS"],
      title: ["Follow up on {customer}", "Correct the import of {customer}", "Credit {amount} to {customer}"],
      body: [
        "{customer} waits for an answer by {day}. See the chat for what was found out.",
        "Found while working on {ticket}. {colleague} knows the background.",
      ],
    },
    result: newTicket,
    longestMs: 600,
  },
} as const satisfies Record<string, DemoTool>;

export type ToolName = keyof typeof TOOLS;

/** The tools as a request declares them. */
export function toolDefinitions(names: readonly string[]): NormalizedTool[] {
  return names.map((name) => {
    const { description, parameters } = name === DELEGATE ? DELEGATE_TOOL : TOOLS[name as ToolName];
    const properties = Object.fromEntries(
      Object.entries(parameters).map(([parameter, words]) => [parameter, { type: "string", description: words }]),
    );
    return {
      name,
      description,
      input_schema: { type: "object", properties, required: Object.keys(parameters).slice(0, 1) },
    };
  });
}

/** The tool by which an agent hands a part of its work to a child chat. */
export const DELEGATE = "delegate_task";

const DELEGATE_TOOL = {
  description: "Hands a self-contained task to another agent, in a chat of its own, and waits for its answer.",
  parameters: { task: "What is to be found out, with everything that the other agent has to know." },
};

export interface ToolUse {
  readonly name: ToolName;
  readonly input: Record<string, string>;
  readonly output: unknown;
  readonly durationMs: number;
}

/** One use of a tool, with arguments and a result that fit the chat. */
export function useTool(name: ToolName, facts: Facts, random: Random): ToolUse {
  const tool: DemoTool = TOOLS[name];
  const filled = Object.entries(tool.call).map(([parameter, choices]) => [
    parameter,
    fill(random.pick(choices), facts, random),
  ]);
  const input = Object.fromEntries(filled) as Record<string, string>;
  return {
    name,
    input,
    output: tool.result(facts, random, input),
    durationMs: random.integer(60, tool.longestMs),
  };
}
