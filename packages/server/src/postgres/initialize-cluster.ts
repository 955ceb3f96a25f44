import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Cluster, serverProcess, startFailure, type StartOptions } from "./cluster.ts";
import { EMBEDDED_ROLE } from "./embedded-database.ts";
import { sendSignal } from "./postmaster.ts";
import { StartupError } from "./startup-error.ts";

/**
 * Makes sure that there is a data directory of the right version, and returns the password of its owner. Call it under the
 * cluster's lock.
 */
export async function prepareData(cluster: Cluster, options: StartOptions): Promise<string> {
  const { dataDirectory, binaries } = cluster;
  const passwordFile = join(dirname(dataDirectory), "password");
  removeUnfinished(dataDirectory);
  if (existsSync(dataDirectory)) {
    const major = readFileSync(join(dataDirectory, "PG_VERSION"), "utf8").trim();
    if (major !== String(binaries.major)) {
      throw new StartupError(
        "embedded_postgres_version_mismatch",
        `The data in ${dataDirectory} belongs to PostgreSQL ${major}, and the embedded one is PostgreSQL ` +
          `${binaries.major}: move the data with pg_dump, or set SHELFLIFE_DATABASE_URL.`,
      );
    }
    return readFileSync(passwordFile, "utf8").trim();
  }
  // The password is on disk before the data that it opens. One that an interrupted start left behind is replaced.
  const password = randomBytes(24).toString("base64url");
  rmSync(passwordFile, { force: true });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600, flag: "wx", flush: true });
  await initializeCluster(cluster, password, options);
  return password;
}

/**
 * Makes a new data directory. It is built under another name, and gets its own only when it is complete: a directory that
 * is there can always be started.
 */
export async function initializeCluster(
  { binaries, dataDirectory, account, settings }: Cluster,
  password: string,
  { clock, deadline, signal }: StartOptions,
): Promise<void> {
  const building = `${dataDirectory}.initializing-${process.pid}-${randomBytes(4).toString("hex")}`;
  const passwordFile = `${building}.password`;
  const finished = new AbortController();
  try {
    mkdirSync(building, { mode: 0o700 });
    // A copy of the password, since the account cannot read ours.
    writeFileSync(passwordFile, password, { mode: 0o600, flag: "wx" });
    if (account !== undefined) {
      for (const path of [building, passwordFile]) chownSync(path, account.uid, account.gid);
    }
    const child = spawn(
      binaries.initdb,
      [
        `--pgdata=${building}`,
        `--username=${EMBEDDED_ROLE}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--data-checksums",
        // The builtin provider sorts and folds case alike on every system, and after every upgrade of the system.
        ...(binaries.major >= 17
          ? ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
          : ["--locale=C.UTF-8"]),
        ...(settings?.["fsync"] === "off" ? ["--no-sync"] : []),
      ],
      { ...serverProcess(account), stdio: ["ignore", "pipe", "pipe"] },
    );
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (chunk: string) => output.push(chunk));
    }
    const limit = signal === undefined ? finished.signal : AbortSignal.any([finished.signal, signal]);
    const closed = once(child, "close") as Promise<[number | null]>;
    const inTime = await Promise.race([
      closed.then(() => true),
      clock.sleep(Math.max(deadline - clock.monotonic(), 0), limit).then(() => false),
    ]);
    if (!inTime) {
      // It leads a process group of its own, which holds the servers that it runs as well.
      if (child.pid !== undefined) sendSignal(-child.pid, "SIGKILL");
      await closed;
      signal?.throwIfAborted();
      throw startFailure("initdb was not done in time");
    }
    const [exitCode] = await closed;
    if (exitCode !== 0) throw startFailure("initdb failed", output.join("").split("\n"));
    renameSync(building, dataDirectory);
  } finally {
    finished.abort();
    rmSync(passwordFile, { force: true });
    rmSync(building, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What an initialisation left behind that was killed. Its initdb may still be writing; then the next start removes it. */
function removeUnfinished(dataDirectory: string): void {
  const folder = dirname(dataDirectory);
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(`${basename(dataDirectory)}.initializing-`)) continue;
    try {
      rmSync(join(folder, name), { recursive: true, force: true });
    } catch {
      // In use, and not in our way: this initialisation has another name.
    }
  }
}
