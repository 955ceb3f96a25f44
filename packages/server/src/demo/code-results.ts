import { fill } from "./facts.ts";
import type { ToolResult } from "./tool-results.ts";

/** What the tools answer that look at code and run commands in it. */

export const codeExcerpt: ToolResult = (facts, random, { from_line: fromLine = "1" }) => {
  const extension = facts.file.slice(facts.file.lastIndexOf(".") + 1);
  const lines = random.pick(CODE[extension] ?? TYPESCRIPT).split("\n");
  return lines
    .map((line, index) => `${String(Number(fromLine) + index).padStart(4)}  ${fill(line, facts, random)}`)
    .join("\n");
};

const TYPESCRIPT = [
  `export async function {function}(items: readonly Item[], options: Options = {}): Promise<Result[]> {
  const results: Result[] = [];
  for (const item of items) {
    try {
      results.push(await send(item, options));
    } catch (error) {
      // TODO: tell the caller
      log.warn("{function} failed", { item: item.id });
      return [];
    }
  }
  return results.sort((a, b) => a.position - b.position);
}`,
  `const LIMIT = {line};

export function {function}(lines: Line[], rate: number): number {
  let total = 0;
  for (const line of lines) {
    const net = line.quantity * line.price;
    total += Math.round(net * rate * 100) / 100;
  }
  return lines.length > LIMIT ? round(total) : total;
}`,
];

const CODE: Readonly<Record<string, readonly string[]>> = {
  ts: TYPESCRIPT,
  tsx: [
    `export function InvoiceList({ query }: Props) {
  const [rows, setRows] = useState<Row[]>([]);
  useEffect(() => {
    const timer = setInterval(() => {function}(query), {line}000);
    load(query).then((loaded) => {
      setRows((before) => [...before, ...loaded]);
      setHeight(ref.current?.scrollHeight ?? 0);
    });
  }, [query]);
  return <table ref={ref}>{rows.map((row) => <InvoiceRow key={row.id} row={row} />)}</table>;
}`,
  ],
  go: [
    `func (w *Worker) {function}(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case job := <-w.jobs:
			if err := w.handle(ctx, job); err != nil {
				w.retry(job, 0)
			}
		}
	}
}`,
  ],
  py: [
    `def {function}(row, header):
    values = dict(zip(header, row))
    name = values["name"].encode("latin-1", "replace").decode()
    if not values.get("email"):
        return None
    for address in values["email"].split(";"):
        yield Contact(name=name, email=address.strip())`,
  ],
  rb: [
    `class Refund < ApplicationRecord
  belongs_to :payment, optional: true

  def {function}(amount)
    return if amount.zero?
    transaction do
      update!(amount_cents: amount, refunded_at: Time.now)
      Ledger.book(self, day: Date.today)
    end
  end
end`,
  ],
};

export const searchHits: ToolResult = (facts, random, { pattern = "" }) => {
  const paths = [facts.file, "src/server.ts", "src/jobs/nightly.ts", "test/cart.test.ts", "lib/shared/client.py"];
  const hits = Array.from({ length: random.integer(2, 9) }, () => ({
    path: random.pick(paths),
    line: random.integer(8, 420),
    text: fill(random.pick(HITS), facts, random),
  }));
  return { pattern, matches: hits.length, hits };
};

const HITS = [
  "const result = await {function}(items);",
  "return {function}(row, header)",
  "// {function} keeps the order, see {ticket}",
  "import { {function} } from './index';",
  "insert into {table} (id, customer_id) values ($1, $2)",
];

export const appliedPatch: ToolResult = (facts, random) => ({
  applied: true,
  path: facts.file,
  added: random.integer(3, 40),
  removed: random.integer(0, 25),
});

export const commandOutput: ToolResult = (facts, random, { command = "" }) => {
  const program = command.split(" ").slice(0, 2).join(" ");
  const lines = OUTPUT[program] ?? ["{function}: command not found"];
  const stdout = random
    .pickSome(lines, random.integer(3, lines.length))
    .map((line) => fill(line, facts, random))
    .join("\n");
  const failed = stdout.includes("FAIL");
  return {
    exit_status: failed ? 1 : 0,
    stdout,
    stderr: failed ? fill("1 of {count} tests failed", facts, random) : "",
  };
};

/** By the first two words of the command. */
const OUTPUT: Readonly<Record<string, readonly string[]>> = {
  "npm test": [
    "ok   {file} ({count} tests, {ms})",
    "ok   {function} > returns an empty list for no input ({ms})",
    "ok   {function} > stops when it is told to ({ms})",
    "FAIL {function} > keeps the order of its input ({ms})",
    "skip {function} > survives a restart of {host}",
    "warning: {function} is deprecated since {version}",
  ],
  "git log": [
    "3f2c9a1 Limit the retries of {function}",
    "b81d07e Read {table} once instead of once per customer",
    "a90e4c3 Release {version}",
    '77d1f20 Revert "Speed up {function}"',
    "5c3e8aa Name the errors that {function} throws",
    "e04b6d9 {ticket}: round per line",
    "19fa7b2 Move {table} to its own schema",
  ],
  "git diff": [
    " {file} | {line} ++++++-----",
    " src/server.ts | {line} +++---",
    " test/cart.test.ts | {line} ++++++++",
    " docs/{service}.md | {line} ++",
    " package.json | 4 ++--",
  ],
  "kubectl get": [
    "{service}-6d9f7c8b5-x2x7k   1/1   Running            {line}",
    "{service}-6d9f7c8b5-q9d4m   0/1   CrashLoopBackOff   {line}",
    "{service}-6d9f7c8b5-l0v8s   1/1   Running            {line}",
    "{service}-6d9f7c8b5-h7w2c   0/1   Pending            0",
  ],
  "du -sh": [
    "{count}M\t/var/lib/{service}/spool",
    "{count}M\t/var/lib/{service}/cache",
    "{count}K\t/var/lib/{service}/lock",
    "{count}M\t/var/lib/{service}/{table}",
  ],
};
