import { z } from "zod";

import { CHAT_STATUSES } from "./debug-batch.ts";
import {
  CHAT_LABEL_CHARACTERS,
  CHAT_LABELS,
  CHAT_TITLE_CHARACTERS,
  MESSAGE_PARTS,
  PAGE_DEFAULT,
  PAGE_MAX,
  PIN_ORDER_MAX,
} from "./limits.ts";

const id = z.guid();
const time = z.iso.datetime().describe("RFC 3339, UTC.");
const labels = z.record(z.string(), z.string());

/** No text or JSON column of the database takes this character. */
const withoutNul = z.string().refine((text) => !text.includes("\0"), { error: "must not hold the character U+0000" });

const title = withoutNul
  .trim()
  .min(1, { error: "must not be empty" })
  // Characters, not the halves of them that JavaScript counts.
  .refine((text) => Array.from(text).length <= CHAT_TITLE_CHARACTERS, {
    error: `must not exceed ${CHAT_TITLE_CHARACTERS} characters`,
  })
  .meta({ maxLength: CHAT_TITLE_CHARACTERS });

const label = withoutNul.min(1).max(CHAT_LABEL_CHARACTERS);

const writableLabels = z
  .record(label, label)
  .refine((entries) => Object.keys(entries).length <= CHAT_LABELS, { error: `must not be more than ${CHAT_LABELS}` });

/** A file that a chat links, without its bytes. */
export const chatFileSchema = z.object({
  id,
  name: z.string(),
  mimetype: z.string(),
  size: z.int().describe("Bytes."),
  created_at: time,
});

const chatFields = {
  id,
  organization_id: id,
  owner_id: id,
  parent_chat_id: id.optional(),
  root_chat_id: id.optional(),
  title: z.string(),
  status: z.enum(CHAT_STATUSES),
  created_at: time,
  updated_at: time,
  archived: z.boolean(),
  archived_at: time.optional(),
  pin_order: z.int().describe("0: not pinned; pinned chats come first, the lowest order at the top."),
  labels,
  has_unread: z.boolean(),
  last_activity_at: time
    .optional()
    .describe("Of a root: the newest message or start of a debug run in its family. Auto-archive goes by it."),
  last_debug_at: time
    .optional()
    .describe("The last write to the newest debug run. Its debug data is gone one debug retention window later."),
  files: z.array(chatFileSchema).optional(),
};

/** A child of a chat. Families have a depth of one. */
const childChatSchema = z.object({
  ...chatFields,
  // The type is for the document of the API, whose writer has no word for never.
  children: z.array(z.never().meta({ type: "object" })).max(0),
});

/** A chat with its children; `children` is always there. */
export const chatSchema = z.object({ ...chatFields, children: z.array(childChatSchema) });

/** A chat as administrators see other people's: nothing that its owner wrote. */
export const foreignChatSchema = z.object({
  id,
  owner_id: id,
  parent_chat_id: id.optional(),
  root_chat_id: id.optional(),
  status: z.enum(CHAT_STATUSES),
  created_at: time,
  updated_at: time,
  archived: z.boolean(),
  archived_at: time.optional(),
});

export const newChatSchema = z.strictObject({
  title: title.optional(),
  labels: writableLabels.optional(),
  parent_chat_id: id.toLowerCase().optional(),
});

/** What is left out stays as it is. */
export const chatChangeSchema = z.strictObject({
  title: title.optional(),
  archived: z.boolean().optional(),
  pin_order: z.int().max(PIN_ORDER_MAX).optional().describe("0 unpins."),
  labels: writableLabels.optional(),
});

export const MESSAGE_ROLES = ["system", "user", "assistant", "tool"] as const;

/** A part of a message: a text, or a file that the sender may read. */
const contentPart = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text"), text: withoutNul }),
  z.strictObject({ type: z.literal("file"), file_id: id.toLowerCase() }),
]);

const content = z.array(contentPart).min(1).max(MESSAGE_PARTS);

export const newMessageSchema = z.strictObject({ role: z.enum(MESSAGE_ROLES), content });

/** An edit of a user message: what followed it is soft-deleted, and so are the debug runs that came after it. */
export const messageChangeSchema = z.strictObject({ content });

export const chatMessageSchema = z.object({
  id: z.int(),
  chat_id: id,
  created_at: time,
  role: z.enum(MESSAGE_ROLES),
  content: z.array(z.looseObject({ type: z.string() })),
  queued: z
    .literal(true)
    .optional()
    .describe("The chat was busy: the message waits among the queued ones, under an id of its own there."),
});

export const queuedMessageSchema = z.object({
  id: z.int(),
  chat_id: id,
  created_at: time,
  content: z.array(z.looseObject({ type: z.string() })),
});

/** A page of a chat's messages, oldest first. */
export const messagePageSchema = z.object({
  messages: z.array(chatMessageSchema),
  queued_messages: z.array(queuedMessageSchema),
  has_more: z.boolean(),
});

const pageLimitError = { error: `must be a whole number from 1 to ${PAGE_MAX}` };

/** The parameter `limit` of a list, as it is written in a query. */
export const pageLimitSchema = z
  .string()
  .regex(/^\d+$/, { ...pageLimitError, abort: true })
  .transform(Number)
  .pipe(z.number().min(1, pageLimitError).max(PAGE_MAX, pageLimitError))
  .default(PAGE_DEFAULT);

/** What a chat file may be: the media type that is stored, by its content where it has a signature. */
export const FILE_MEDIA_TYPES = [
  "image/png",
  "image/jpeg",
  "image/gif",
  "image/webp",
  "text/plain",
  "text/markdown",
  "text/csv",
  "application/json",
  "application/pdf",
] as const;

export const uploadedFileSchema = z.object({ id });

export type Chat = z.infer<typeof chatSchema>;
export type ForeignChat = z.infer<typeof foreignChatSchema>;
export type ChatFile = z.infer<typeof chatFileSchema>;
export type NewChat = z.input<typeof newChatSchema>;
export type ChatChange = z.input<typeof chatChangeSchema>;
export type MessageRole = (typeof MESSAGE_ROLES)[number];
export type ContentPart = z.infer<typeof contentPart>;
export type NewMessage = z.input<typeof newMessageSchema>;
export type ChatMessage = z.infer<typeof chatMessageSchema>;
export type QueuedMessage = z.infer<typeof queuedMessageSchema>;
export type MessagePage = z.infer<typeof messagePageSchema>;
export type FileMediaType = (typeof FILE_MEDIA_TYPES)[number];
