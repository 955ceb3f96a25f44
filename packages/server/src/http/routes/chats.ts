import {
  chatChangeSchema,
  chatSchema,
  foreignChatSchema,
  JSON_BODY_BYTES,
  newChatSchema,
  PAGE_DEFAULT,
  PAGE_MAX,
} from "@shelflife/api-contract";
import { z } from "zod";

import { auditOrigin } from "../audit-origin.ts";
import { readChatSearch, wrong, type ChatSearch } from "../chat-search.ts";
import type { RequestContext } from "../environment.ts";
import { HttpError, notFound } from "../http-error.ts";
import { chatReading, NO_CHAT, ownId } from "../own-data.ts";
import { readJson } from "../read-json.ts";
import { renderChat, renderChatWithFiles, renderForeignChat } from "../render-chat.ts";
import type { Route } from "../route.ts";
import { orRefuse } from "../store-refusals.ts";
import { validate } from "../validate.ts";

/** One's own chats. */
export function chatRoutes(prefix: string): Route[] {
  return [listRoute(prefix), createRoute(prefix), readRoute(prefix), changeRoute(prefix)];
}

function listRoute(prefix: string): Route {
  return {
    method: "get",
    path: prefix,
    summary: "One's own chats: pinned first, then the newest. Another person's, without content, for administrators.",
    permission: "own_chats:use",
    query: {
      archived: { description: "`true`: archived chats; otherwise the others.", schema: z.enum(["true", "false"]) },
      q: {
        description: "What the title holds, in any case. The term `archived:true` does what the parameter does.",
        schema: z.string(),
      },
      label: { description: "`key:value`; repeated, all must be there.", schema: z.array(z.string()) },
      limit: { description: `${PAGE_DEFAULT} unless told.`, schema: z.int().min(1).max(PAGE_MAX) },
      after_id: { description: "The id of the last chat of the page before.", schema: z.guid() },
      owner_id: { description: "Whose chats; for auditors and owners. Not with `q` or `label`.", schema: z.guid() },
    },
    answers: {
      200: {
        description: "Roots with their children; of another person, roots and children in one list.",
        schema: z.union([z.array(chatSchema), z.array(foreignChatSchema)]),
      },
      400: { description: "A parameter is wrong." },
      403: { description: "Another person's chats are for auditors and owners." },
    },
    async handle(context) {
      const search = readChatSearch(context.req.queries());
      if (search.ownerId !== undefined && search.ownerId !== ownId(context)) {
        return context.json((await listForeign(context, search, search.ownerId)).map(renderForeignChat));
      }
      const chats = await context.get("store").listChats({ ...search, readerId: ownId(context) });
      if (chats === undefined) throw unknownCursor();
      return context.json(chats.map(renderChat));
    },
  };
}

async function listForeign(context: RequestContext, search: ChatSearch, ownerId: string) {
  const { archived, limit, afterId, title, labels } = search;
  // The search would tell what the list leaves out.
  if (title !== undefined) throw wrong("q", "cannot be searched for in another person's chats");
  if (labels !== undefined) throw wrong("label", "cannot be searched for in another person's chats");
  const chats = await context.get("store").listForeignChats({ ownerId, archived, limit, afterId });
  if (chats === undefined) throw unknownCursor();
  return chats;
}

function unknownCursor(): HttpError {
  return wrong("after_id", "is not the id of a chat of this list");
}

function createRoute(prefix: string): Route {
  return {
    method: "post",
    path: prefix,
    summary: "Create a chat, or a child of one.",
    permission: "own_chats:use",
    body: { schema: newChatSchema, description: "Every field may be left out." },
    answers: {
      201: { description: "The chat.", schema: chatSchema },
      400: {
        description:
          "A field is wrong; or: A child chat cannot have children. An archived chat cannot have new children.",
      },
    },
    async handle(context) {
      const { title, labels, parent_chat_id } = validate(newChatSchema, await readJson(context, JSON_BODY_BYTES));
      const creation = { ownerId: ownId(context), title, labels, parentChatId: parent_chat_id };
      const chat = await orRefuse(context.get("store").createChat(creation));
      if (chat === undefined) {
        throw new HttpError(400, "validation_failed", "The request body is not valid.", {
          validations: [{ field: "parent_chat_id", detail: "there is no such chat" }],
        });
      }
      return context.json(renderChat(chat), 201);
    },
  };
}

function readRoute(prefix: string): Route {
  return {
    method: "get",
    path: `${prefix}/{chat}`,
    summary: "A chat with its children and files.",
    permission: "own_chats:use",
    answers: { 200: { description: "The chat.", schema: chatSchema }, ...NO_CHAT },
    async handle(context) {
      const chat = await context.get("store").readChat(chatReading(context));
      if (chat === undefined) throw notFound("chat");
      return context.json(renderChatWithFiles(chat));
    },
  };
}

function changeRoute(prefix: string): Route {
  return {
    method: "patch",
    path: `${prefix}/{chat}`,
    summary: "Change a chat, all of what is given or nothing. Archiving takes the whole family along.",
    permission: "own_chats:use",
    body: { schema: chatChangeSchema, description: "What is left out stays as it is; labels are replaced whole." },
    answers: {
      ...NO_CHAT,
      204: { description: "Changed." },
      400: {
        description:
          "A field is wrong; or: Chat archive state can only be changed on the root chat. Chat is already archived. Chat is not archived. Cannot pin an archived chat. Cannot pin a child chat. Pin order must be non-negative.",
      },
      409: {
        description: "Cannot archive an active chat. Interrupt or wait for the chat to finish first.",
      },
    },
    async handle(context) {
      const reading = chatReading(context);
      const store = context.get("store");
      // Before the body is looked at.
      if ((await store.findChat(reading)) === undefined) throw notFound("chat");
      const changes = validate(chatChangeSchema, await readJson(context, JSON_BODY_BYTES));
      if (changes.pin_order !== undefined && changes.pin_order < 0) {
        const message = "Pin order must be non-negative.";
        throw new HttpError(400, "validation_failed", message, {
          validations: [{ field: "pin_order", detail: message }],
        });
      }
      const writing = { chatId: reading.chatId, ownerId: reading.readerId, changes };
      if (!(await orRefuse(store.changeChat(writing, auditOrigin(context))))) throw notFound("chat");
      return context.body(null, 204);
    },
  };
}
