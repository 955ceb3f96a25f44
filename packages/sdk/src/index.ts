export { ShelflifeClient } from "./client.ts";
export type { RecordOptions, RequestOptions, ShelflifeClientOptions } from "./client.ts";
export { CLIENT_ERROR_CODES, ShelflifeError } from "./shelflife-error.ts";
export type { ClientErrorCode, ShelflifeErrorCode, ShelflifeErrorFields } from "./shelflife-error.ts";
