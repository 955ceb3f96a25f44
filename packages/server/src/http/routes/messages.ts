import {
  chatMessageSchema,
  JSON_BODY_BYTES,
  messageChangeSchema,
  messagePageSchema,
  newMessageSchema,
  PAGE_DEFAULT,
  PAGE_MAX,
  pageLimitSchema,
  QUEUED_MESSAGES,
  type ContentPart,
} from "@shelflife/api-contract";
import { z } from "zod";

import { UnreadableFileError } from "../../store/files.ts";
import { wrong } from "../chat-search.ts";
import type { RequestContext } from "../environment.ts";
import { HttpError, notFound } from "../http-error.ts";
import { chatReading, NO_CHAT } from "../own-data.ts";
import { readJson } from "../read-json.ts";
import { renderMessage, renderQueuedMessage } from "../render-chat.ts";
import type { Route } from "../route.ts";
import { orRefuse } from "../store-refusals.ts";
import { validate, validateQuery } from "../validate.ts";

/** The messages of one's own chats. */
export function messageRoutes(prefix: string): Route[] {
  return [listRoute(prefix), sendRoute(prefix), editRoute(prefix)];
}

const messageId = z.int().min(1);

const writtenId = z
  .string()
  .regex(/^\d+$/, { error: "must be the id of a message" })
  .transform(Number)
  .pipe(z.int({ error: "must be the id of a message" }));

/** 0 is as good as left out. */
const cursor = writtenId.transform((id) => (id === 0 ? undefined : id)).optional();

const querySchema = z.object({ before_id: cursor, after_id: cursor, limit: pageLimitSchema });

function listRoute(prefix: string): Route {
  return {
    method: "get",
    path: `${prefix}/{chat}/messages`,
    summary: "A page of a chat's messages: the newest, those before a message, or those right after one.",
    permission: "own_chats:use",
    query: {
      before_id: { description: "Only messages before this one; the newest of them.", schema: messageId },
      after_id: { description: "Only messages after this one; by itself, the oldest of them.", schema: messageId },
      limit: { description: `${PAGE_DEFAULT} unless told.`, schema: z.int().min(1).max(PAGE_MAX) },
    },
    answers: {
      ...NO_CHAT,
      200: { description: "Oldest first, with the messages that wait.", schema: messagePageSchema },
      400: { description: "Invalid chat ID. Or a parameter is wrong." },
    },
    async handle(context) {
      const reading = chatReading(context);
      const { before_id, after_id, limit } = validateQuery(querySchema, context.req.query());
      if (before_id !== undefined && after_id !== undefined && after_id >= before_id) {
        throw wrong("after_id", "must be less than before_id");
      }
      const request = { ...reading, beforeId: before_id, afterId: after_id, limit };
      const page = await context.get("store").listMessages(request);
      if (page === undefined) throw notFound("chat");
      return context.json({
        messages: page.messages.map(renderMessage),
        queued_messages: page.queued.map(renderQueuedMessage),
        has_more: page.hasMore,
      });
    },
  };
}

function sendRoute(prefix: string): Route {
  return {
    method: "post",
    path: `${prefix}/{chat}/messages`,
    summary: "Add a message. A user's waits while the chat is running or about to.",
    permission: "own_chats:use",
    body: { schema: newMessageSchema, description: "Files that it names are linked to the chat." },
    answers: {
      ...NO_CHAT,
      201: { description: "The message; `queued` where it waits.", schema: chatMessageSchema },
      400: {
        description:
          "A field is wrong, which a file is that the sender may not read; or: Invalid chat ID. Cannot send messages to an archived chat.",
      },
      429: { description: `Message queue is full: ${QUEUED_MESSAGES} messages wait for this chat already.` },
    },
    async handle(context) {
      const writing = await findOpenChat(context);
      const { role, content } = validate(newMessageSchema, await readJson(context, JSON_BODY_BYTES));
      const message = { ...writing, role, content, fileIds: filesOf(content) };
      const added = await orRefuse(orRefuseFile(context.get("store").addMessage(message), content));
      if (added === undefined) throw notFound("chat");
      return context.json({ ...renderMessage(added.message), ...(added.queued ? { queued: true } : {}) }, 201);
    },
  };
}

function editRoute(prefix: string): Route {
  return {
    method: "patch",
    path: `${prefix}/{chat}/messages/{message}`,
    summary: "Edit a user message. The messages after it go, and so do the debug runs that came after it.",
    permission: "own_chats:use",
    parameters: { message: messageId },
    body: { schema: messageChangeSchema, description: "The whole content." },
    answers: {
      200: { description: "The message.", schema: chatMessageSchema },
      400: {
        description:
          "A field is wrong; or: Invalid chat ID. Invalid message ID. Cannot send messages to an archived chat. Only user messages can be edited.",
      },
      404: { description: "There is no such message, or you may not see it. The same of the chat." },
    },
    async handle(context) {
      const writing = await findOpenChat(context);
      const edited = writtenId.safeParse(context.req.param("message"));
      if (!edited.success) throw new HttpError(400, "invalid_id", "Invalid message ID.");
      const { content } = validate(messageChangeSchema, await readJson(context, JSON_BODY_BYTES));
      const edit = { ...writing, messageId: edited.data, content, fileIds: filesOf(content) };
      const message = await orRefuse(orRefuseFile(context.get("store").editMessage(edit), content));
      if (message === undefined) throw notFound("message");
      return context.json(renderMessage(message));
    },
  };
}

/** The chat that is to take a message, before the body is looked at; it is looked at again when the message is stored. */
async function findOpenChat(context: RequestContext): Promise<{ chatId: string; ownerId: string }> {
  const reading = chatReading(context);
  const chat = await context.get("store").findChat(reading);
  if (chat === undefined) throw notFound("chat");
  if (chat.archived) throw new HttpError(400, "chat_archived", "Cannot send messages to an archived chat.");
  return { chatId: reading.chatId, ownerId: reading.readerId };
}

function filesOf(content: readonly ContentPart[]): string[] {
  return content.flatMap((part) => (part.type === "file" ? [part.file_id] : []));
}

/** Names the part whose file the sender may not read. */
async function orRefuseFile<T>(answer: Promise<T>, content: readonly ContentPart[]): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    const index = content.findIndex((part) => part.type === "file" && part.file_id === error.fileId);
    throw new HttpError(400, "validation_failed", "The request body is not valid.", {
      cause: error,
      validations: [{ field: `content.${index}.file_id`, detail: "there is no such file, or you may not read it" }],
    });
  }
}
