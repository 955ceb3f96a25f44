import { pino, type DestinationStream, type Logger } from "pino";

/** Structured logging. Records never hold debug content, keys or passwords: log ids, counts and codes. */
export type Log = Logger;

/** Logs go to standard error, so that standard output belongs to results and to the start-up banner. */
export function createLog(
  level: string,
  destination: DestinationStream = pino.destination({ dest: 2, sync: true }),
): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    destination,
  );
}

/**
 * An error as a log may hold it. Messages of the database can quote the values of a row ("Failing row contains ..."), so
 * of its errors only the code and the names of constraint and table are kept.
 */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const { code, constraint, table, severity } = error as {
    code?: string;
    constraint?: string;
    table?: string;
    severity?: string;
  };
  if (severity !== undefined) return { name: "DatabaseError", code, constraint, table };
  return { name, code, message, stack, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
}
