import type { PolicyStatus, RetentionStatus } from "@shelflife/api-contract";
import type { Command } from "commander";

import { systemClock } from "../clock.ts";
import { RETENTION_POLICIES } from "../retention/policies/policy-list.ts";
import { purgeWithoutLoop } from "../retention/purge-control.ts";
import { readPurgeStatus } from "../retention/purge-status.ts";
import { withDatabase } from "./command-context.ts";
import { print } from "./print.ts";

export function addPurgeStatusCommand(purge: Command): void {
  purge
    .command("status")
    .description(
      "Say how the purge stands: whether it runs, the last tick, and for each policy its window, lag and backlog. Exit status 1 where the last tick failed.",
    )
    .option("--json", "print what GET .../retention/status answers; next_tick_at is known to the server alone")
    .action(async (_options: object, command: Command) => {
      const status = await withDatabase(({ config, store }) => {
        const enabled = config.SHELFLIFE_PURGE;
        const control = purgeWithoutLoop({
          policies: RETENTION_POLICIES,
          graceMs: config.SHELFLIFE_PURGE_GRACE,
          enabled,
        });
        return readPurgeStatus({ store, clock: systemClock, purge: control });
      });
      // The command above it has an option of the same name, which takes it first.
      print(status, command.optsWithGlobals<{ json?: boolean }>(), () => describeStatus(status));
      if (status.last_tick?.outcome === "failure") process.exitCode = 1;
    });
}

function describeStatus(status: RetentionStatus): string {
  const tick = status.last_tick;
  const lines = [
    `purge: ${status.running ? "running" : status.enabled ? "waiting for its time" : "switched off (SHELFLIFE_PURGE=off)"}`,
    tick === null
      ? "last tick: none yet"
      : `last tick: ${tick.outcome}, ${tick.started_at} to ${tick.finished_at ?? "now"}, on ${tick.replica}`,
  ];
  return [...lines, ...status.policies.map(describePolicy)].join("\n");
}

function describePolicy({ policy, window, grace, last, oldest_overdue_seconds, backlog }: PolicyStatus): string {
  const days =
    window.days === null ? "its window cannot be read" : window.days === 0 ? "for ever" : `${window.days} days`;
  const waits = grace === null ? "" : `, which wait until ${grace.due_at}`;
  const lag =
    oldest_overdue_seconds === null ? "" : `; overdue ${Math.round(oldest_overdue_seconds)} s, about ${backlog} to do`;
  const did =
    last === null ? "" : `; last: ${last.outcome}, ${last.deleted} done${last.error === null ? "" : `, ${last.error}`}`;
  return `${policy}: ${days}${waits}${lag}${did}`;
}
