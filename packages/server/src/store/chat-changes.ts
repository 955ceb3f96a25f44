import { sql } from "kysely";

import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import { writeAudit, type AuditOrigin } from "./audit.ts";
import { chatTransaction, lockChat, lockFamily, type ChatWriting, type LockedInFamily } from "./chat-locks.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { jsonText } from "./json-text.ts";

/** What is left out stays as it is. */
export interface ChatChanges {
  readonly title?: string | undefined;
  readonly archived?: boolean | undefined;
  /** 0 unpins. */
  readonly pin_order?: number | undefined;
  /** All of them: a label that is not named goes. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface ChatChangesStore {
  /**
   * Changes a chat, all of it or nothing. Archiving and unarchiving take the whole family along, and are audited.
   *
   * @returns false where the owner has no such chat
   * @throws CodedError `child_chat` where only a root may be archived or pinned, `chat_archived` and `chat_not_archived`
   *   where the chat is so already or cannot be pinned, `chat_active` where the family is still at work
   */
  changeChat(writing: ChatWriting & { readonly changes: ChatChanges }, origin: AuditOrigin): Promise<boolean>;
}

/** While any chat of a family is at one of these, the family is not archived. */
const ACTIVE = new Set(["running", "pending", "paused", "requires_action"]);

export function chatChangesStore(database: Database, clock: Clock): ChatChangesStore {
  return {
    changeChat({ changes, ...writing }, origin) {
      return chatTransaction(database, async (transaction) => {
        const locked = await lockChat(transaction, writing);
        if (locked === undefined) return false;
        const { archived, pin_order, title, labels } = changes;
        const now = clock.now();
        if (archived !== undefined) {
          await changeArchived(transaction, { ...writing, locked, archived, now });
          await auditArchived(transaction, { ...writing, locked, archived, now }, origin);
        }
        if (pin_order !== undefined) {
          await changePin(transaction, locked, { pin_order, archived: archived ?? locked.chat.archived });
        }
        if (title !== undefined || labels !== undefined) {
          await transaction
            .updateTable("chats")
            .set({
              ...(title === undefined ? {} : { title }),
              ...(labels === undefined ? {} : { labels: jsonText(labels) }),
              updated_at: sql<Date>`greatest(updated_at, ${now})`,
            })
            .where("id", "=", writing.chatId)
            .execute();
        }
        return true;
      });
    },
  };
}

type ArchivedChange = ChatWriting & {
  readonly locked: LockedInFamily;
  readonly archived: boolean;
  readonly now: Date;
};

async function changeArchived(transaction: OpenTransaction, change: ArchivedChange): Promise<void> {
  const { locked, archived, now } = change;
  if (locked.chat.root_chat_id !== null) {
    throw new CodedError("child_chat", "Chat archive state can only be changed on the root chat.");
  }
  if (archived && locked.chat.archived) throw new CodedError("chat_archived", "Chat is already archived.");
  if (!archived && !locked.chat.archived) throw new CodedError("chat_not_archived", "Chat is not archived.");
  const family = await lockFamily(transaction, change);
  if (archived && family.some(({ status }) => ACTIVE.has(status))) {
    throw new CodedError(
      "chat_active",
      "Cannot archive an active chat. Interrupt or wait for the chat to finish first.",
    );
  }
  await sql`
    UPDATE chats
    SET
      archived = ${archived},
      archived_at = ${archived ? now : null}::timestamptz,
      updated_at = greatest(updated_at, ${now}),
      pin_order = 0
    WHERE id = ANY (${family.map(({ id }) => id)}::uuid[])
  `.execute(transaction);
}

/** The title is left out: the audit is read by others. */
async function auditArchived(
  transaction: OpenTransaction,
  { chatId, locked, archived, now }: ArchivedChange,
  origin: AuditOrigin,
): Promise<void> {
  await writeAudit(transaction, origin, {
    time: now,
    resourceType: "chat",
    resourceId: chatId,
    resourceTarget: "",
    action: "write",
    diff: { archived: { old: locked.chat.archived, new: archived } },
  });
}

/** Where a chat stands in the list says nothing of its content, so that its clock stays. */
async function changePin(
  transaction: OpenTransaction,
  { chat }: LockedInFamily,
  { pin_order, archived }: { pin_order: number; archived: boolean },
): Promise<void> {
  if (pin_order > 0 && archived) throw new CodedError("chat_archived", "Cannot pin an archived chat.");
  if (pin_order > 0 && chat.root_chat_id !== null) throw new CodedError("child_chat", "Cannot pin a child chat.");
  await transaction.updateTable("chats").set({ pin_order }).where("id", "=", chat.id).execute();
}
