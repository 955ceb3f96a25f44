import type { Chat, ChatFile, ChatMessage, ForeignChat, QueuedMessage } from "@shelflife/api-contract";

import type { ForeignChatRow } from "../store/chat-list.ts";
import type { ChatFamily, ChatRow } from "../store/chat-rows.ts";
import type { ChatWithFiles } from "../store/chats.ts";
import type { FileDescription } from "../store/files.ts";
import type { MessageRow } from "../store/messages.ts";
import type { QueuedMessageRow } from "../store/queued-messages.ts";

/** A chat in the form that crosses the wire: times as RFC 3339 in UTC, and null left out. */
export function renderChat(chat: ChatFamily): Chat {
  return { ...renderRow(chat), children: chat.children.map((child) => ({ ...renderRow(child), children: [] })) };
}

export function renderChatWithFiles(chat: ChatWithFiles): Chat {
  return { ...renderChat(chat), files: chat.files.map(renderFile) };
}

function renderRow(chat: ChatRow): Omit<Chat, "children"> {
  return {
    ...renderForeignChat(chat),
    organization_id: chat.organization_id,
    title: chat.title,
    pin_order: chat.pin_order,
    labels: chat.labels,
    has_unread: chat.has_unread,
    ...(chat.last_activity_at === null ? {} : { last_activity_at: chat.last_activity_at.toISOString() }),
    ...(chat.last_debug_at === null ? {} : { last_debug_at: chat.last_debug_at.toISOString() }),
  };
}

/** What others may know of a chat. */
export function renderForeignChat(chat: ForeignChatRow): ForeignChat {
  return {
    id: chat.id,
    owner_id: chat.owner_id,
    ...(chat.parent_chat_id === null ? {} : { parent_chat_id: chat.parent_chat_id }),
    ...(chat.root_chat_id === null ? {} : { root_chat_id: chat.root_chat_id }),
    status: chat.status,
    created_at: chat.created_at.toISOString(),
    updated_at: chat.updated_at.toISOString(),
    archived: chat.archived,
    ...(chat.archived_at === null ? {} : { archived_at: chat.archived_at.toISOString() }),
  };
}

function renderFile({ id, name, mimetype, size, created_at }: FileDescription): ChatFile {
  return { id, name, mimetype, size, created_at: created_at.toISOString() };
}

export function renderMessage({ id, chat_id, created_at, role, content }: MessageRow): ChatMessage {
  return { id, chat_id, created_at: created_at.toISOString(), role, content: [...content] };
}

export function renderQueuedMessage({ id, chat_id, created_at, content }: QueuedMessageRow): QueuedMessage {
  return { id, chat_id, created_at: created_at.toISOString(), content: [...content] };
}
