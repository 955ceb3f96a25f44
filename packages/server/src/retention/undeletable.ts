import { CodedError, codeOf } from "../coded-error.ts";
import type { Log } from "../log.ts";
import type { RetentionPolicy } from "./policy.ts";

/** So many records that cannot be deleted are no longer single bad records; the drain gives up. */
export const SKIPPED_MAX = 10;

/** Names a record that the drain steps over. */
export function logUndeletable(
  log: Log,
  { name: policy, recordType: record_type }: Pick<RetentionPolicy, "name" | "recordType">,
  recordId: string,
  error: unknown,
): void {
  log.error(
    { policy, record_type, record_id: recordId, err: error },
    "a record cannot be deleted; it is skipped in this tick",
  );
}

/** What a drain that stepped over records ends with. */
export function notDeletable(records: number, cause?: unknown): CodedError {
  return new CodedError("records_not_deletable", `${records} records could not be deleted; the log names them.`, {
    cause,
  });
}

/**
 * SQLSTATE classes in which a single row can be the cause: data and constraint errors, errors that a trigger raises,
 * lock and statement time-outs. What is left is a lost connection, a full disk or a server that shuts down.
 */
export function mayHelpToHalve(error: unknown): boolean {
  return /^(2\d|3\d|4[024]|54|55|P0)|^57014$/.test(codeOf(error) ?? "");
}
