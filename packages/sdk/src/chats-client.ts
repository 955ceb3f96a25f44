import {
  type Chat,
  type ChatChange,
  type ChatFile,
  type ChatMessage,
  type ForeignChat,
  type MessagePage,
  type NewChat,
  type NewMessage,
  chatMessageSchema,
  chatSchema,
  foreignChatSchema,
  messagePageSchema,
  uploadedFileSchema,
} from "@shelflife/api-contract";

import { type RequestOptions, type Transport, queryOf } from "./transport.ts";

const CHATS = "api/experimental/chats";

export interface ChatListing extends RequestOptions {
  /** Archived chats instead of the others. */
  archived?: boolean;
  /** Only chats whose title holds this, in any case. */
  q?: string;
  /** Only chats that have all of these labels. */
  labels?: Record<string, string>;
  limit?: number;
  /** The id of the last chat of the page before. */
  after_id?: string;
}

export interface MessageListing extends RequestOptions {
  before_id?: number;
  after_id?: number;
  limit?: number;
}

export interface DownloadedFile {
  readonly mediaType: string;
  readonly content: Blob;
}

/** Chats, their messages and their files. What belongs to somebody else is `not_found`. */
export class ChatsClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A page of one's own root chats with their children: pinned first, then the newest. */
  list({ signal, labels = {}, ...query }: ChatListing = {}): Promise<Chat[]> {
    const label = Object.entries(labels).map(([key, value]) => `${key}:${value}`);
    return this.#transport.answer(`${CHATS}${queryOf({ ...query, label })}`, chatSchema.array(), { signal });
  }

  /** Another person's chats as administrators see them: without titles or anything else that their owner wrote. */
  listOfOwner(ownerId: string, { signal, ...query }: Omit<ChatListing, "q" | "labels"> = {}): Promise<ForeignChat[]> {
    const path = `${CHATS}${queryOf({ owner_id: ownerId, ...query })}`;
    return this.#transport.answer(path, foreignChatSchema.array(), { signal });
  }

  create(chat: NewChat = {}, options?: RequestOptions): Promise<Chat> {
    return this.#transport.answer(CHATS, chatSchema, { ...options, method: "POST", body: chat });
  }

  get(chatId: string, options?: RequestOptions): Promise<Chat> {
    return this.#transport.answer(chatPath(chatId), chatSchema, { ...options });
  }

  /** Changes what is given: title, labels, pin, archived. */
  async change(chatId: string, change: ChatChange, options?: RequestOptions): Promise<void> {
    await this.#transport.call(chatPath(chatId), { ...options, method: "PATCH", body: change });
  }

  /** A page of messages, oldest first. */
  listMessages(chatId: string, { signal, ...query }: MessageListing = {}): Promise<MessagePage> {
    return this.#transport.answer(`${chatPath(chatId)}/messages${queryOf(query)}`, messagePageSchema, { signal });
  }

  /** Adds a message. A user's waits while the chat is running or about to: the answer then says `queued`. */
  sendMessage(chatId: string, message: NewMessage, options?: RequestOptions): Promise<ChatMessage> {
    const call = { ...options, method: "POST" as const, body: message };
    return this.#transport.answer(`${chatPath(chatId)}/messages`, chatMessageSchema, call);
  }

  /** Replaces a user message; what followed it goes, with the debug runs that came after it. */
  editMessage(
    chatId: string,
    messageId: number,
    content: NewMessage["content"],
    options?: RequestOptions,
  ): Promise<ChatMessage> {
    const call = { ...options, method: "PATCH" as const, body: { content } };
    return this.#transport.answer(`${chatPath(chatId)}/messages/${messageId}`, chatMessageSchema, call);
  }

  /** Uploads a file of at most 10 MiB; a message that names its id links it to the chat. */
  async uploadFile(
    file: { content: Uint8Array<ArrayBuffer> | Blob; name: string; mediaType: string },
    options?: RequestOptions,
  ): Promise<ChatFile["id"]> {
    const headers = {
      "Content-Type": file.mediaType,
      "Content-Disposition": `attachment; filename*=UTF-8''${encodeName(file.name)}`,
    };
    const call = { ...options, method: "POST" as const, rawBody: { content: file.content, headers } };
    const { id } = await this.#transport.answer(`${CHATS}/files`, uploadedFileSchema, call);
    return id;
  }

  downloadFile(fileId: string, options?: RequestOptions): Promise<DownloadedFile> {
    return this.#transport.call(`${CHATS}/files/${encodeURIComponent(fileId)}`, { ...options }, async (response) => ({
      mediaType: response.headers.get("Content-Type") ?? "application/octet-stream",
      content: await response.blob(),
    }));
  }
}

function chatPath(chatId: string): string {
  return `${CHATS}/${encodeURIComponent(chatId)}`;
}

/** As RFC 8187 writes a text into a header; a half of a character cannot be written and becomes U+FFFD. */
function encodeName(name: string): string {
  const wellFormed = Array.from(name, (character) => (/\p{Cs}/u.test(character) ? "\uFFFD" : character)).join("");
  return encodeURIComponent(wellFormed).replaceAll(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
}
