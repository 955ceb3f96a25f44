import type { ErrorCode, FieldError } from "@shelflife/api-contract";

/**
 * Codes for what went wrong on the client's side of the wire, where no server named an error:
 *
 * - `network`: no answer came (refused, reset, name not found, a redirect that was not followed).
 * - `timeout`: no answer came in time.
 * - `aborted`: the caller's own signal ended the request.
 * - `unexpected_response`: an answer came that no Shelflife server gives, for instance a proxy's error page.
 */
export const CLIENT_ERROR_CODES = ["network", "timeout", "aborted", "unexpected_response"] as const;

export type ClientErrorCode = (typeof CLIENT_ERROR_CODES)[number];

export type ShelflifeErrorCode = ErrorCode | ClientErrorCode;

export interface ShelflifeErrorFields {
  code: ShelflifeErrorCode;
  message: string;
  /** The HTTP status; absent where no answer came. */
  status?: number | undefined;
  detail?: string | undefined;
  validations?: FieldError[] | undefined;
  retryAfterMs?: number | undefined;
  cause?: unknown;
}

/** The only error that the client's methods reject with. Match on `code`, never on the message. */
export class ShelflifeError extends Error {
  override readonly name = "ShelflifeError";
  readonly code: ShelflifeErrorCode;
  /** The HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  readonly detail: string | undefined;
  /** Which fields of the request were wrong, and how. */
  readonly validations: readonly FieldError[] | undefined;
  /** How long the server asked to wait before the next try, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(fields: ShelflifeErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.status = fields.status;
    this.detail = fields.detail;
    this.validations = fields.validations;
    this.retryAfterMs = fields.retryAfterMs;
  }

  /** Whether the same request may succeed later: nothing was answered, or the server was busy or failing. */
  get retryable(): boolean {
    if (this.code === "network" || this.code === "timeout") return true;
    if (this.status === undefined) return false;
    return this.status === 408 || this.status === 429 || this.status >= 500;
  }
}
