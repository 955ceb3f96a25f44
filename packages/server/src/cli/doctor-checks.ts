import { systemClock } from "../clock.ts";
import { CodedError, codeOf } from "../coded-error.ts";
import { RETENTION_POLICIES } from "../retention/policies/policy-list.ts";
import { purgeWithoutLoop } from "../retention/purge-control.ts";
import { readPurgeStatus } from "../retention/purge-status.ts";
import { CLOCK_DIFFERENCE_MAX_MS } from "../retention/purge-tick.ts";
import type { CommandContext } from "./command-context.ts";
import { defaultServerUrl } from "./server-url.ts";

/** One thing that was looked at. What failed keeps the deployment from doing what it promises; a warning may be meant so. */
export interface Finding {
  readonly name: string;
  readonly status: "ok" | "warning" | "failed";
  /** What was found, in words for an operator, with what helps where it is not well. */
  readonly message: string;
}

type Check = (context: CommandContext) => Promise<Omit<Finding, "name"> | readonly Omit<Finding, "name">[]>;

/** What is overdue for longer than this is not only waiting for the next tick. */
const OVERDUE_MAX_SECONDS = 3600;

const SERVER_ANSWERS_WITHIN_MS = 10_000;

const ok = (message: string): Omit<Finding, "name"> => ({ status: "ok", message });
const warning = (message: string): Omit<Finding, "name"> => ({ status: "warning", message });
const failed = (message: string): Omit<Finding, "name"> => ({ status: "failed", message });

/** In this order. A check that fails to look is a finding as well, and keeps no other from looking. */
const CHECKS: Readonly<Record<string, Check>> = {
  async database({ access }) {
    return ok(`${access.description}, with the schema of this version`);
  },

  async clocks({ store }) {
    // The database read its clock at some moment while it was asked: only what lies before or after that is a difference.
    const asked = systemClock.now().getTime();
    const database = (await store.readDatabaseTime()).getTime();
    const answered = systemClock.now().getTime();
    const differenceMs = Math.max(asked - database, database - answered, 0);
    const seconds = `this machine and the database differ by ${(differenceMs / 1000).toFixed(1)} s`;
    if (differenceMs <= CLOCK_DIFFERENCE_MAX_MS) return ok(seconds);
    return failed(`${seconds}; nothing is purged until they agree within ${CLOCK_DIFFERENCE_MAX_MS / 60_000} minutes`);
  },

  async partitions({ store }) {
    // What the server does in every tick; it needs the right to create tables, and a session where a pooler stands between.
    await store.preparePayloadPartitions(systemClock.now());
    return ok("the partitions of the coming days are there");
  },

  async accounts({ store }) {
    if (!(await store.isSetUpNeeded())) return ok("somebody can sign in");
    return warning("nobody has an account: use the link that the server prints, or shelflife users create");
  },

  async recording({ config, store }) {
    if (config.SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED) return ok("on for every chat, by this environment");
    const { allowUsers } = await store.readDebugLogging();
    return allowUsers ? ok("people decide for their own chats") : warning("off: shelflife debug-logging turns it on");
  },

  async purge({ config, store }) {
    const { SHELFLIFE_PURGE: enabled, SHELFLIFE_PURGE_GRACE: graceMs } = config;
    const purge = purgeWithoutLoop({ policies: RETENTION_POLICIES, graceMs, enabled });
    const { last_tick: last, policies } = await readPurgeStatus({ store, clock: systemClock, purge });
    const findings = policies.flatMap(({ policy, window, oldest_overdue_seconds: overdue }) => {
      if (window.days === null) return [failed(`${policy}: its window cannot be read; set it again`)];
      if ((overdue ?? 0) <= OVERDUE_MAX_SECONDS) return [];
      return [warning(`${policy}: what should be gone has been there for ${Math.round((overdue ?? 0) / 3600)} h`)];
    });
    if (!enabled) findings.push(warning("switched off by this environment (SHELFLIFE_PURGE=off)"));
    if (last === null) findings.push(warning("no purge has run yet"));
    else if (last.outcome === "failure")
      findings.push(failed(`the last one failed, on ${last.replica}: see the ledger`));
    return findings.length > 0 ? findings : ok(`the last one began at ${last?.started_at ?? ""}`);
  },

  async server() {
    const url = defaultServerUrl();
    const answered = new AbortController();
    const patience = new AbortController();
    void systemClock.sleep(SERVER_ANSWERS_WITHIN_MS, answered.signal).then(() => patience.abort());
    try {
      const response = await fetch(`${url}/readyz`, { signal: patience.signal });
      await response.body?.cancel();
      if (response.ok) return ok(`ready at ${url}`);
      return failed(`${url} answers ${response.status}`);
    } catch {
      return warning(`none answers at ${url}`);
    } finally {
      answered.abort();
    }
  },
};

/** Looks at everything, one after the other. */
export async function examineDeployment(context: CommandContext): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    findings.push(...[await attempt(check, context)].flat().map((finding) => ({ name, ...finding })));
  }
  return findings;
}

async function attempt(check: Check, context: CommandContext): ReturnType<Check> {
  try {
    return await check(context);
  } catch (error) {
    // Our own sentences say what to do; what the database says may quote what is stored.
    if (error instanceof CodedError) return failed(error.message);
    return failed(`could not be looked at: ${codeOf(error) ?? "for an unknown reason"}`);
  }
}
