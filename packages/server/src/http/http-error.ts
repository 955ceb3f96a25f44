import type { ErrorCode, FieldError } from "@shelflife/api-contract";

type ErrorStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 500 | 503;

/** An answer that is not a success. What it says goes to the caller as it stands. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: ErrorStatus;
  readonly code: ErrorCode;
  readonly validations: readonly FieldError[] | undefined;

  constructor(
    status: ErrorStatus,
    code: ErrorCode,
    message: string,
    { validations, ...options }: ErrorOptions & { validations?: readonly FieldError[] } = {},
  ) {
    super(message, options);
    this.status = status;
    this.code = code;
    this.validations = validations;
  }
}

export function notFound(what: string): HttpError {
  return new HttpError(404, "not_found", `There is no such ${what}, or you may not see it.`);
}
