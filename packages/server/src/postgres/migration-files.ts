import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { StartupError } from "./startup-error.ts";

/** The migrations that belong to this version of the code. */
export const MIGRATIONS_FOLDER = fileURLToPath(new URL("../../migrations", import.meta.url));

/** The first line of a file whose statements must run one by one, outside a transaction. */
const NO_TRANSACTION = "-- shelflife: no transaction";

export interface MigrationFile {
  /** The file's name without `.sql`, as recorded in the database: `0001_chats`. */
  name: string;
  sql: string;
  transactional: boolean;
}

/** The folder's `NNNN_name.sql` files in the order of their numbers. Files with another ending are left alone. */
export async function readMigrationFiles(folder: string): Promise<MigrationFile[]> {
  const fileNames = (await readdir(folder)).filter((fileName) => fileName.endsWith(".sql")).toSorted();
  const byNumber = new Map<string, string>();
  for (const fileName of fileNames) {
    const number = /^(\d{4})_[a-z0-9_]+\.sql$/.exec(fileName)?.[1];
    if (number === undefined) {
      throw new StartupError("migration_files_invalid", `The migration ${fileName} must be named like 0001_chats.sql.`);
    }
    const other = byNumber.get(number);
    if (other !== undefined) {
      // Two branches that each add "the next" migration meet here, and not on somebody's database.
      throw new StartupError("migration_files_invalid", `The migrations ${other} and ${fileName} have one number.`);
    }
    byNumber.set(number, fileName);
  }
  return Promise.all(
    fileNames.map(async (fileName) => {
      const sql = await readFile(join(folder, fileName), "utf8");
      return {
        name: fileName.slice(0, -".sql".length),
        sql,
        transactional: sql.split("\n", 1)[0]?.trim() !== NO_TRANSACTION,
      };
    }),
  );
}
