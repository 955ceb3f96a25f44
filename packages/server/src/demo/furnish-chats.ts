import type { MessagePage, NewMessage } from "@shelflife/api-contract";
import { type ShelflifeClient, ShelflifeError } from "@shelflife/sdk";

import { CodedError } from "../coded-error.ts";
import type { Conversation, Said } from "./conversation.ts";
import { fileOf } from "./demo-files.ts";
import type { ShowCase, TidyChats } from "./show-case.ts";

/** What there is besides debug runs; the figures say what this very run of the demo has added. */
export interface Furnished {
  messages: number;
  files: number;
  pinned: number;
  archived: number;
}

export interface Furnishers {
  /** The client of a person of the demo; undefined where there is no key that may do more than record. */
  readonly clientOf: (owner: string) => ShelflifeClient | undefined;
  /** The client that the chats were recorded with. */
  readonly recorder: ShelflifeClient;
  readonly signal?: AbortSignal | undefined;
}

/** Waits in a chat that is at work. */
const AFTERTHOUGHT =
  "And when you are done: what should we watch from now on, so that this does not surprise us again?";

/** As many messages as a page may have. */
const PAGE = 200;

/**
 * Gives chats what no recorder records: messages with files, pins, and a place in the archive. Only what is missing is added,
 * so that a second time changes nothing.
 *
 * @throws CodedError with one sentence where the server does not take it; running the demo again completes it
 */
export async function furnishChats(
  { conversations, tidyChats }: Pick<ShowCase, "conversations" | "tidyChats">,
  furnishers: Furnishers,
): Promise<Furnished> {
  const furnished: Furnished = { messages: 0, files: 0, pinned: 0, archived: 0 };
  try {
    for (const conversation of conversations) await tell(conversation, furnishers, furnished);
    for (const chats of tidyChats) await tidy(chats, furnishers, furnished);
  } catch (error) {
    if (!(error instanceof ShelflifeError)) throw error;
    if (error.code === "aborted") {
      throw new CodedError("demo_stopped", "Stopped before all messages were sent; run the demo again to complete it.");
    }
    throw new CodedError("demo_not_sent", `The server did not take a message: ${error.message} (${error.code})`, {
      cause: error,
    });
  }
  return furnished;
}

async function tell(conversation: Conversation, furnishers: Furnishers, furnished: Furnished): Promise<void> {
  const { chat, owner, said } = conversation;
  const { recorder, signal } = furnishers;
  const client = furnishers.clientOf(owner);
  if (client === undefined) return;
  const add = async (message: NewMessage): Promise<void> => {
    await client.chats.sendMessage(chat.id, message, { signal });
    furnished.messages += 1;
  };
  await unlessRefused(async () => {
    const missing = withoutThoseIn(await readMessages(client, chat.id, signal), said);
    const busy = chat.status === "running";
    // While a chat is at work its owner's messages wait, and those that led to the work have been heard.
    if (busy) await recorder.recordDebugBatch({ chats: [{ ...chat, status: "waiting" }] }, { signal });
    for (const message of missing) {
      const isFirstOfRoot = message === said[0] && chat.parent_chat_id === undefined;
      const file = isFirstOfRoot ? fileOf(chat.id) : undefined;
      const files = file === undefined ? [] : [await client.chats.uploadFile(file, { signal })];
      furnished.files += files.length;
      await add({
        role: message.role,
        content: [{ type: "text", text: message.text }, ...files.map((id) => ({ type: "file" as const, file_id: id }))],
      });
    }
    if (!busy) return;
    await recorder.recordDebugBatch({ chats: [chat] }, { signal });
    const afterthought: Said = { role: "user", text: AFTERTHOUGHT };
    if (withoutThoseIn(await readMessages(client, chat.id, signal), [afterthought]).length === 0) return;
    await add({ role: "user", content: [{ type: "text", text: AFTERTHOUGHT }] });
  });
}

/** Somebody who has pinned or archived chats has an order of their own, which stays. */
async function tidy(
  { owner, pinned, archived }: TidyChats,
  furnishers: Furnishers,
  furnished: Furnished,
): Promise<void> {
  const { signal } = furnishers;
  const client = furnishers.clientOf(owner);
  if (client === undefined) return;
  const [first] = await client.chats.list({ limit: 1, signal });
  if ((first?.pin_order ?? 0) === 0) {
    for (const [index, chatId] of pinned.entries()) {
      await unlessRefused(async () => {
        await client.chats.change(chatId, { pin_order: index + 1 }, { signal });
        furnished.pinned += 1;
      });
    }
  }
  if ((await client.chats.list({ archived: true, limit: 1, signal })).length > 0) return;
  for (const chatId of archived) {
    await unlessRefused(async () => {
      await client.chats.change(chatId, { archived: true }, { signal });
      furnished.archived += 1;
    });
  }
}

/** A chat that was deleted or archived meanwhile is left alone. */
async function unlessRefused(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ShelflifeError) || !REFUSALS.has(error.code)) throw error;
  }
}

const REFUSALS: ReadonlySet<string> = new Set(["not_found", "chat_archived", "chat_active"]);

/** Every message of a chat and those that wait. Going back from the end leaves it unread. */
async function readMessages(client: ShelflifeClient, chatId: string, signal?: AbortSignal): Promise<Said[]> {
  const found: Said[] = [];
  let before = Number.MAX_SAFE_INTEGER;
  for (;;) {
    const page = await client.chats.listMessages(chatId, { before_id: before, limit: PAGE, signal });
    found.push(...page.messages.flatMap((message) => toSaid(message.role, message.content)));
    const [oldest] = page.messages;
    if (before === Number.MAX_SAFE_INTEGER) {
      found.push(...page.queued_messages.flatMap(({ content }) => toSaid("user", content)));
    }
    if (!page.has_more || oldest === undefined) return found;
    before = oldest.id;
  }
}

function toSaid(role: string, content: MessagePage["messages"][number]["content"]): Said[] {
  if (role !== "user" && role !== "assistant") return [];
  return content.flatMap((part) => (typeof part["text"] === "string" ? [{ role, text: part["text"] }] : []));
}

/** A sentence that is said twice is missing until it is there twice. */
function withoutThoseIn(found: readonly Said[], said: readonly Said[]): Said[] {
  const left = [...found];
  return said.filter((message) => {
    const at = left.findIndex(({ role, text }) => role === message.role && text === message.text);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
