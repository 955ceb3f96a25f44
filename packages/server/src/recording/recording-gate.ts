import { codeOf } from "../coded-error.ts";
import type { Log } from "../log.ts";
import type { IngestCaller, RejectedItem } from "../store/ingest-batch.ts";
import type { RecordingFacts, RecordingFactsStore, RecordingOff } from "../store/recording-facts.ts";

/** The items of a batch, as far as they say whose they are. */
interface OwnedBatch<Chat, Run, Step> {
  readonly chats: readonly Chat[];
  readonly runs: readonly Run[];
  readonly steps: readonly Step[];
}

interface OwnedChat {
  readonly id: string;
  readonly owner?: string | undefined;
  readonly parent_chat_id?: string | undefined;
}

interface OwnedRun {
  readonly id: string;
  readonly chat_id: string;
}

interface OwnedStep extends OwnedRun {
  readonly run_id: string;
}

/** What of a batch may be recorded. */
export interface GatedBatch<Chat, Run, Step> extends OwnedBatch<Chat, Run, Step> {
  /** The items whose owner is not recorded. */
  readonly refused: readonly RejectedItem[];
  /** Whether nothing of the batch may be recorded because its sender, recording for nobody else, is not recorded. */
  readonly callerOff: RefusedRecording | undefined;
}

type RefusedRecording = Pick<RejectedItem, "code" | "message">;

const OFF_MESSAGES: Record<RecordingOff | "unknown", string> = {
  not_allowed:
    "Recording of chat debug data is off. An administrator turns it on: for every chat with SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED=true, or for whoever wants it with allow_users at PUT /api/experimental/chats/config/debug-logging.",
  switched_off:
    "Recording of chat debug data is off for this chat's owner, who turns it on in their own settings or at PUT /api/experimental/chats/config/user-debug-logging.",
  unknown: "Recording of chat debug data is off: whether it may be recorded could not be found out. The log says why.",
};

/**
 * Parts what may be recorded from what may not: a run that starts while the recording of its chat's owner is off is
 * refused, and so are its steps and the chat that would be created for it. A run that is stored has been let in when it
 * started, and goes on. Where it cannot be found out, recording is off.
 *
 * What is not the sender's to record is let through: the store, which knows, refuses it for that.
 */
export async function gateRecording<Chat extends OwnedChat, Run extends OwnedRun, Step extends OwnedStep>(
  { store, log }: { store: RecordingFactsStore; log: Log },
  caller: IngestCaller,
  batch: OwnedBatch<Chat, Run, Step>,
): Promise<GatedBatch<Chat, Run, Step>> {
  let gate: RecordingGate;
  try {
    gate = new RecordingGate(caller, batch, await store.readRecordingFacts(caller, questionOf(batch)));
  } catch (error) {
    log.error({ code: codeOf(error), err: error }, "whether debug data may be recorded could not be found out");
    return { chats: [], runs: [], steps: [], refused: refuseWhole(batch), callerOff: refusal("unknown") };
  }
  const refused: RejectedItem[] = [];
  const pass = <Item extends { readonly id: string }>(
    kind: RejectedItem["kind"],
    items: readonly Item[],
    judge: (item: Item) => RecordingOff | undefined,
  ): Item[] =>
    items.filter((item) => {
      const off = judge(item);
      if (off !== undefined) refused.push({ kind, id: item.id, ...refusal(off) });
      return off === undefined;
    });
  const chats = pass("chat", batch.chats, (chat) => gate.judgeChat(chat));
  const runs = pass("run", batch.runs, (run) => gate.judgeRun(run.id, run.chat_id));
  const steps = pass("step", batch.steps, (step) => gate.judgeRun(step.run_id, step.chat_id));
  const nothing = chats.length + runs.length + steps.length === 0;
  const callerOff = nothing && caller.scope === "full" ? gate.reasonOff(caller.userId) : undefined;
  return { chats, runs, steps, refused, callerOff: callerOff && refusal(callerOff) };
}

function questionOf(
  batch: OwnedBatch<OwnedChat, OwnedRun, OwnedStep>,
): Parameters<RecordingFactsStore["readRecordingFacts"]>[1] {
  return {
    chatIds: [
      ...new Set([
        ...batch.chats.flatMap((chat) => [chat.id, chat.parent_chat_id ?? chat.id]),
        ...batch.runs.map((run) => run.chat_id),
        ...batch.steps.map((step) => step.chat_id),
      ]),
    ],
    runIds: [...new Set([...batch.runs.map((run) => run.id), ...batch.steps.map((step) => step.run_id)])],
    ownerNames: [...new Set(batch.chats.flatMap((chat) => chat.owner?.toLowerCase() ?? []))],
  };
}

class RecordingGate {
  readonly #caller: IngestCaller;
  readonly #facts: RecordingFacts;
  readonly #chats: ReadonlyMap<string, OwnedChat>;
  /** The chats in which the batch goes on with a run that is stored. */
  readonly #goingOn: ReadonlySet<string>;

  constructor(caller: IngestCaller, batch: OwnedBatch<OwnedChat, OwnedRun, OwnedStep>, facts: RecordingFacts) {
    this.#caller = caller;
    this.#facts = facts;
    this.#chats = new Map(batch.chats.map((chat) => [chat.id, chat]));
    const named = [
      ...batch.runs.map((run) => ({ runId: run.id, chatId: run.chat_id })),
      ...batch.steps.map((step) => ({ runId: step.run_id, chatId: step.chat_id })),
    ];
    this.#goingOn = new Set(
      named.filter(({ runId, chatId }) => this.#isStored(runId, chatId)).map(({ chatId }) => chatId),
    );
  }

  judgeRun(runId: string, chatId: string): RecordingOff | undefined {
    return this.#isStored(runId, chatId) ? undefined : this.#judgeOwnerOf(chatId);
  }

  /** A chat that goes on with a run goes on itself: its title and its status belong to that run as well. */
  judgeChat(chat: OwnedChat): RecordingOff | undefined {
    return this.#goingOn.has(chat.id) ? undefined : this.#judgeOwnerOf(chat.id);
  }

  reasonOff(userId: string): RecordingOff | undefined {
    return this.#facts.reasonOff(userId);
  }

  #isStored(runId: string, chatId: string): boolean {
    return this.#facts.chatOfRun.get(runId) === chatId;
  }

  #judgeOwnerOf(chatId: string): RecordingOff | undefined {
    const owner = this.#ownerOf(chatId);
    return owner === undefined ? undefined : this.#facts.reasonOff(owner);
  }

  /** Whose chat it is, or would be; undefined where the sender may not record into it. */
  #ownerOf(chatId: string): string | undefined {
    const { userId, scope } = this.#caller;
    const stored = this.#facts.chats.get(chatId);
    if (stored !== undefined) {
      const mayRecord = stored.ownerId === userId || (scope === "ingest" && stored.recorderId === userId);
      return mayRecord ? stored.ownerId : undefined;
    }
    const item = this.#chats.get(chatId);
    if (item?.owner !== undefined) {
      const owner = this.#facts.people.get(item.owner.toLowerCase());
      return scope === "ingest" || owner === userId ? owner : undefined;
    }
    // A child belongs to the owner of its parent, and families have a depth of one.
    const parentId = item?.parent_chat_id;
    const hasParent = parentId !== undefined && parentId !== chatId && this.#isRoot(parentId);
    return hasParent ? this.#ownerOf(parentId) : userId;
  }

  #isRoot(chatId: string): boolean {
    return this.#facts.chats.has(chatId) || this.#chats.get(chatId)?.parent_chat_id === undefined;
  }
}

function refuseWhole({ chats, runs, steps }: OwnedBatch<OwnedChat, OwnedRun, OwnedStep>): RejectedItem[] {
  const refuse = (kind: RejectedItem["kind"], items: readonly { id: string }[]): RejectedItem[] =>
    items.map(({ id }) => ({ kind, id, ...refusal("unknown") }));
  return [...refuse("chat", chats), ...refuse("run", runs), ...refuse("step", steps)];
}

function refusal(off: RecordingOff | "unknown"): RefusedRecording {
  return { code: "debug_logging_off", message: OFF_MESSAGES[off] };
}
