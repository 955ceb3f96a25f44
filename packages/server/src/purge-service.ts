import { hostname } from "node:os";

import type { Registry } from "prom-client";

import { authorizedStore } from "./authz/authorized-store.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { DatabaseAccess } from "./database-access.ts";
import type { Log } from "./log.ts";
import { purgeMetrics } from "./metrics/purge-metrics.ts";
import { createNotifiers } from "./notify/create-notifiers.ts";
import type { Notifier } from "./notify/digest.ts";
import { tryPurgeLock } from "./postgres/purge-lock.ts";
import { RETENTION_POLICIES } from "./retention/policies/policy-list.ts";
import type { PurgeTickDependencies } from "./retention/purge-tick.ts";

/** Everything a purge tick runs with, for the server's loop and for the command line alike. */
export function purgeDependencies(
  config: Config,
  parts: { access: DatabaseAccess; clock: Clock; log: Log; registry: Registry; isForegroundSlow: () => boolean },
): PurgeTickDependencies {
  const { access, clock, log, registry, isForegroundSlow } = parts;
  const store = authorizedStore(access.purgeStore, { kind: "purger" });
  return {
    store,
    policies: RETENTION_POLICIES,
    clock,
    log: log.child({ component: "purge" }),
    metrics: purgeMetrics(registry),
    notifiers: notifiersOf(config, { clock, log }),
    pace: {
      batchSize: config.SHELFLIFE_PURGE_BATCH_SIZE,
      batchTargetMs: config.SHELFLIFE_PURGE_BATCH_MS,
      dutyPercent: config.SHELFLIFE_PURGE_DUTY_PERCENT,
      budgetMs: config.SHELFLIFE_PURGE_BUDGET_SECONDS * 1000,
      isForegroundSlow,
    },
    graceMs: config.SHELFLIFE_PURGE_GRACE,
    tryLock: () => tryPurgeLock(access.purgePool),
    readDatabaseTime: () => store.readDatabaseTime(),
    enabled: config.SHELFLIFE_PURGE,
    replica: `${hostname()}:${process.pid}`,
  };
}

function notifiersOf(config: Config, parts: { clock: Clock; log: Log }): Notifier[] {
  const { SHELFLIFE_DIGEST_WEBHOOK_URL: webhookUrl, SHELFLIFE_DIGEST_WEBHOOK_SECRET: secret } = config;
  const { SHELFLIFE_SMTP_URL: smtpUrl, SHELFLIFE_SMTP_FROM: from } = config;
  return createNotifiers(
    {
      webhook: webhookUrl === undefined || secret === undefined ? undefined : { url: webhookUrl, secret },
      mail: smtpUrl === undefined || from === undefined ? undefined : { url: smtpUrl, from },
    },
    parts,
  );
}
