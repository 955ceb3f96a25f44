import type { DemoReport } from "./run-demo.ts";

/** The report for a program. */
export function demoToJson(report: DemoReport): object {
  const { people, tally, furnished, refused, windowDays, expiredRuns, durationMs } = report;
  const { chats, runs, steps, statuses, sample } = tally;
  return {
    people,
    chats,
    runs,
    steps,
    runs_by_status: statuses,
    messages: furnished.messages,
    files: furnished.files,
    debug_retention_days: windowDays,
    expired_runs: expiredRuns,
    refused,
    sample_chat: sample === undefined ? null : { id: sample.id, owner: sample.owner, runs: sample.runs },
    duration_ms: Math.round(durationMs),
  };
}

/** The report for a person: what there is now, and what to try next. */
export function describeDemo(report: DemoReport, url: string): string {
  const { people, tally } = report;
  const { completed, error, interrupted, in_progress: inProgress } = tally.statuses;
  const sections = [
    [
      `${tally.chats} chats with ${tally.runs} debug runs and ${tally.steps} steps are in ${url} (${(report.durationMs / 1_000).toFixed(1)} s).`,
      `Of the runs ${completed} are completed, ${error} failed, ${interrupted} were interrupted, ${inProgress} are in progress.`,
      describeFurnished(report),
      describeExpiry(report),
      ...describeRefusals(report),
    ],
    ...(people.length === 0
      ? []
      : [
          [
            `People, to sign in as at ${url}, each with a new key; passwords and keys are shown this once:`,
            ...people.map(
              ({ email, role, key, password }) =>
                `  ${email.padEnd(20)} ${role.padEnd(7)} ${(password ?? KEPT_PASSWORD).padEnd(KEPT_PASSWORD.length)} ${key}`,
            ),
          ],
        ]),
    ["Try:", ...commands(report, url).map((command) => `  ${command}`)],
  ];
  return sections.map((lines) => lines.join("\n")).join("\n\n");
}

const KEPT_PASSWORD = "(its former password)";

function describeFurnished({ furnished: { messages, files, pinned, archived } }: DemoReport): string {
  return `Added to the newest chats: ${messages} messages with ${files} files; ${pinned} chats are newly pinned, ${archived} archived.`;
}

function describeExpiry({ windowDays, expiredRuns }: DemoReport): string {
  if (windowDays === null)
    return "This key may not read the retention window, so it is not known how many have expired.";
  if (windowDays === 0) return "None of them expires: the retention window is 0, which keeps for ever.";
  return `${expiredRuns} runs are expired (last written more than ${windowDays} days ago); the server's next purge deletes them.`;
}

function describeRefusals({ refused }: DemoReport): string[] {
  return Object.entries(refused).map(([code, count]) => `${count} items were refused: ${code}.`);
}

function commands({ people, tally: { sample } }: DemoReport, url: string): string[] {
  if (sample === undefined) return [];
  const key = people.find(({ email }) => email === sample.owner)?.key ?? "<key>";
  return [
    `curl -H 'Coder-Session-Token: ${key}' ${url}/api/experimental/chats/${sample.id}/debug/runs`,
    "npx shelflife purge --dry-run",
    "npx shelflife purge",
  ];
}
