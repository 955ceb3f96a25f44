import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { StartupError } from "./startup-error.ts";
import { type Account, canEnter, chooseAccount } from "./unprivileged-user.ts";

/** Where root puts what an unprivileged account has to reach and cannot reach where it lies. */
export const SYSTEM_FOLDER = "/var/lib/shelflife";

/** Everything of one embedded cluster, and who runs it. */
export interface ClusterHome {
  readonly folder: string;
  readonly account: Account | undefined;
}

export interface ClusterHomeOptions {
  dataDir: string;
  log: Logger;
  systemFolder?: string | undefined;
}

/** A file in the data directory that names the folder which is used in its place. */
const LOCATION_NOTE = "location";

/**
 * Finds or makes the folder of the cluster that belongs to a data directory: `<dataDir>/postgres`.
 *
 * As root PostgreSQL runs as another account. Where that account cannot get into the folder, as under `/root`, the cluster
 * lives in `/var/lib/shelflife/<hash of the folder's path>`, and a note stays behind. The place follows from the path
 * alone, so a lost note loses no data.
 */
export function openClusterHome({ dataDir, log, systemFolder = SYSTEM_FOLDER }: ClusterHomeOptions): ClusterHome {
  const requested = join(dataDir, "postgres");
  mkdirSync(requested, { recursive: true });
  const local = realpathSync(requested);
  const note = join(local, LOCATION_NOTE);
  const folder = existsSync(note) ? readFileSync(note, "utf8").trim() : undefined;
  const account = accountFor(folder ?? local);
  return { folder: folder ?? chooseFolder(local, account, systemFolder, log), account };
}

/** Root runs existing data as its owner, so that a user's own cluster stays usable by that user. */
function accountFor(folder: string): Account | undefined {
  const account = chooseAccount();
  const data = join(folder, "data");
  if (account === undefined || !existsSync(data)) return account;
  const { uid, gid } = statSync(data);
  return uid === 0 || uid === account.uid ? account : { name: `user ${uid}`, uid, gid };
}

function chooseFolder(local: string, account: Account | undefined, systemFolder: string, log: Logger): string {
  if (account === undefined) {
    chmodSync(local, 0o700);
    return local;
  }
  // The account has to get through to its own folders, and reads nothing else here.
  chmodSync(local, 0o711);
  if (canEnter(account, local)) return local;
  if (existsSync(join(local, "data"))) {
    throw new StartupError(
      "embedded_postgres_failed",
      `The account ${account.name} cannot get into ${local}, where the data is: let it pass through every parent folder.`,
    );
  }
  mkdirSync(systemFolder, { recursive: true });
  chmodSync(systemFolder, 0o755);
  const folder = join(realpathSync(systemFolder), createHash("sha256").update(local).digest("hex").slice(0, 16));
  const found = existsSync(folder);
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o711);
  if (!canEnter(account, folder)) {
    throw new StartupError(
      "embedded_postgres_failed",
      `The account ${account.name} can get neither into ${local} nor into ${folder}.`,
    );
  }
  const note = join(local, LOCATION_NOTE);
  writeFileSync(`${note}.${process.pid}`, `${folder}\n`);
  renameSync(`${note}.${process.pid}`, note);
  if (found) {
    log.warn(
      { folder },
      "the database of an earlier data directory at this path is used again; remove both to start anew",
    );
  } else {
    log.info({ folder, account: account.name }, "the account that runs PostgreSQL cannot reach the data directory");
  }
  return folder;
}
