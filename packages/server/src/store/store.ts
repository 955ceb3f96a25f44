import type { Clock } from "../clock.ts";
import { apiKeysStore, type ApiKeysStore } from "./api-keys.ts";
import type { Database } from "./database.ts";
import { debugIngestStore, type DebugIngestStore } from "./debug-ingest.ts";
import { debugRunPurgeStore, type DebugRunPurgeStore } from "./debug-run-purge.ts";
import { debugRunsStore, type DebugRunsStore } from "./debug-runs.ts";
import { purgeLedgerStore, type PurgeLedgerStore } from "./purge-ledger.ts";
import { retentionSettingsStore, type RetentionSettingsStore } from "./retention-settings.ts";
import { usersStore, type UsersStore } from "./users.ts";

/** Everything that can be done to the data. Who may do it is decided around it, never in it. */
export type Store = ApiKeysStore &
  DebugIngestStore &
  DebugRunPurgeStore &
  DebugRunsStore &
  PurgeLedgerStore &
  RetentionSettingsStore &
  UsersStore;

export interface StoreParts {
  readonly database: Database;
  /** The same database without a pooler in between, for changes of the schema. */
  readonly directDatabase: Database;
  readonly clock: Clock;
}

export function createStore({ database, directDatabase, clock }: StoreParts): Store {
  return {
    ...apiKeysStore(database, clock),
    ...debugIngestStore(database, directDatabase, clock),
    ...debugRunPurgeStore(database),
    ...debugRunsStore(database),
    ...purgeLedgerStore(database, clock),
    ...retentionSettingsStore(database, clock),
    ...usersStore(database, clock),
  };
}
