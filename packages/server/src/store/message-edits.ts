import { sql, type RawBuilder } from "kysely";

import type { Clock } from "../clock.ts";
import { CodedError } from "../coded-error.ts";
import { chatTransaction, type ChatWriting } from "./chat-locks.ts";
import type { Database, OpenTransaction } from "./database.ts";
import { linkFiles } from "./files.ts";
import { jsonText } from "./json-text.ts";
import { lockForMessages, messageColumns, raiseActivity, type MessageContent, type MessageRow } from "./messages.ts";
import { deletePayloadsOfRuns, placedRun, type PlacedRun } from "./run-payloads.ts";
import { leaveTombstones } from "./tombstones.ts";

export interface MessageEdit extends ChatWriting, MessageContent {
  readonly messageId: number;
}

export interface MessageEditsStore {
  /**
   * Replaces the content of a user message. The messages after it are soft-deleted, those that wait for the chat go, and
   * so do the debug runs that came after it, with their payloads, at once.
   *
   * A chat may have very many runs after a message. They go in bounded transactions, and the message changes in the last
   * of them, so that whoever was interrupted can edit it again and finds the rest.
   *
   * @returns undefined where the owner has no such chat, or the chat no such message
   * @throws CodedError `chat_archived`, and `not_user_message` for a message that a user did not write
   * @throws UnreadableFileError
   */
  editMessage(edit: MessageEdit): Promise<MessageRow | undefined>;
}

/** Runs that one transaction deletes at the most. */
const RUNS_A_TRANSACTION = 500;

export function messageEditsStore(database: Database, clock: Clock): MessageEditsStore {
  return {
    async editMessage(edit) {
      for (;;) {
        const step = await chatTransaction(database, (transaction) => takeStep(transaction, edit, clock.now()));
        if (step !== "more") return step;
      }
    },
  };
}

async function takeStep(
  transaction: OpenTransaction,
  edit: MessageEdit,
  now: Date,
): Promise<MessageRow | "more" | undefined> {
  const { chatId, ownerId, messageId, fileIds } = edit;
  const locked = await lockForMessages(transaction, edit);
  if (locked === undefined) return undefined;
  const message = await transaction
    .selectFrom("chat_messages")
    // As SQL text, with its microseconds.
    .select(["role", sql<string>`created_at::text`.as("written_at")])
    .where("chat_id", "=", chatId)
    .where("id", "=", messageId)
    .where("deleted", "=", false)
    .where("visibility", "<>", "model")
    .executeTakeFirst();
  if (message === undefined) return undefined;
  if (message.role !== "user") throw new CodedError("not_user_message", "Only user messages can be edited.");
  await linkFiles(transaction, { chatId, senderId: ownerId, fileIds });
  if (await deleteRunsAfter(transaction, edit, { writtenAt: message.written_at, now })) return "more";
  await raiseActivity(transaction, locked, now);
  return replaceMessage(transaction, edit, now);
}

/** The message as it now stands was written now: that is what the chat's last activity is counted from. */
async function replaceMessage(
  transaction: OpenTransaction,
  { chatId, messageId, content }: MessageEdit,
  now: Date,
): Promise<MessageRow | undefined> {
  await sql`
    UPDATE chat_messages SET deleted = true WHERE chat_id = ${chatId} AND id > ${messageId} AND NOT deleted
  `.execute(transaction);
  await sql`DELETE FROM chat_queued_messages WHERE chat_id = ${chatId}`.execute(transaction);
  const { rows } = await sql<MessageRow>`
    UPDATE chat_messages
    SET content = ${jsonText(content)}, created_at = greatest(created_at, ${now})
    WHERE chat_id = ${chatId} AND id = ${messageId}
    RETURNING ${messageColumns}
  `.execute(transaction);
  return rows[0];
}

/** The newest message that a run or a step names; null where it names none. */
const namedByRun = sql`greatest(run.trigger_message_id, run.history_tip_message_id)`;
const namedByStep = sql`greatest(step.history_tip_message_id, step.assistant_message_id)`;

/**
 * The runs that came after a message, at most so many: those that name it or a later one, themselves or in a step, and of
 * those that name none at all the ones that began after it was written. Each part is in the order of an index, so that the
 * planner takes it whatever it makes of the expressions.
 */
function runsAfter({ chatId, messageId }: MessageEdit, writtenAt: string, limit: number): RawBuilder<unknown> {
  return sql`
    (
      SELECT run.id FROM chat_debug_runs AS run
      WHERE run.chat_id = ${chatId} AND ${namedByRun} >= ${messageId}
      ORDER BY ${namedByRun}
      LIMIT ${limit}
    )
    UNION
    (
      SELECT step.run_id FROM chat_debug_steps AS step
      WHERE step.chat_id = ${chatId} AND ${namedByStep} >= ${messageId}
      ORDER BY ${namedByStep}
      LIMIT ${limit}
    )
    UNION
    (
      SELECT run.id FROM chat_debug_runs AS run
      WHERE run.chat_id = ${chatId} AND run.started_at > ${writtenAt}::timestamptz AND ${namedByRun} IS NULL
        AND NOT EXISTS (
          SELECT FROM chat_debug_steps AS step
          WHERE step.chat_id = ${chatId} AND step.run_id = run.id AND ${namedByStep} IS NOT NULL
        )
      ORDER BY run.started_at DESC, run.id DESC
      LIMIT ${limit}
    )
  `;
}

/** Deletes runs that came after a message, at most so many; answers whether there are more. */
async function deleteRunsAfter(
  transaction: OpenTransaction,
  edit: MessageEdit,
  { writtenAt, now }: { writtenAt: string; now: Date },
): Promise<boolean> {
  const { chatId } = edit;
  const { rows: runs } = await sql<PlacedRun>`
    SELECT ${placedRun} FROM chat_debug_runs
    WHERE chat_id = ${chatId} AND id = ANY (ARRAY(${runsAfter(edit, writtenAt, RUNS_A_TRANSACTION)}))
    ORDER BY id
    LIMIT ${RUNS_A_TRANSACTION}
    FOR UPDATE
  `.execute(transaction);
  if (runs.length === 0) return false;
  const ids = runs.map(({ id }) => id);
  await leaveTombstones(transaction, { kind: "run", ids, now });
  await sql`
    DELETE FROM chat_debug_runs WHERE chat_id = ${chatId} AND id = ANY (${ids}::uuid[])
  `.execute(transaction);
  await deletePayloadsOfRuns(transaction, runs);
  // Counting what was locked would not do: a purge may have taken one of them just then.
  const { rows: left } = await sql`SELECT FROM (${runsAfter(edit, writtenAt, 1)}) AS left_over LIMIT 1`.execute(
    transaction,
  );
  return left.length > 0;
}
