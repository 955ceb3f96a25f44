/**
 * An error that callers tell apart by its code, never by its text. The message is one sentence that may be shown to an
 * operator: it holds no secret, no stack and no recorded content.
 */
export class CodedError extends Error {
  override readonly name = "CodedError";
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether an error carries this code, ours or that of PostgreSQL (SQLSTATE) or of Node (`ECONNREFUSED`). */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return codes.includes(codeOf(error) ?? "");
}

/** The code that an error carries, where it carries one. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
