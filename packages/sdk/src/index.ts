export { ShelflifeClient } from "./client.ts";
export type { RecordOptions } from "./client.ts";
export type { ChatListing, ChatsClient, DownloadedFile, MessageListing } from "./chats-client.ts";
export type { AuditListing, PeopleClient } from "./people-client.ts";
export type { LedgerListing, RetentionClient } from "./retention-client.ts";
export type { SignInClient } from "./sign-in-client.ts";
export { CLIENT_ERROR_CODES, ShelflifeError } from "./shelflife-error.ts";
export type { ClientErrorCode, ShelflifeErrorCode, ShelflifeErrorFields } from "./shelflife-error.ts";
export type { RequestOptions, ShelflifeClientOptions } from "./transport.ts";
