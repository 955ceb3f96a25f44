import { randomUUID } from "node:crypto";

import fc from "fast-check";
import { expect, it } from "vitest";

import { createPurgeFixture, MS_PER_DAY, type PurgeFixture } from "../purge-fixture.ts";
import { inBatchesOf, setWindow, tick } from "./life-cycle-fixture.ts";

/** What people and time do to a deployment; numbers choose among what there is. */
type Command =
  | { readonly kind: "create"; readonly parent: number | null }
  | { readonly kind: "message" | "archive" | "unarchive" | "pin" | "unpin" | "run"; readonly chat: number }
  | { readonly kind: "status"; readonly chat: number; readonly status: string }
  | { readonly kind: "file"; readonly chat: number | null }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "tick"; readonly batchSize: number }
  | { readonly kind: "windows"; readonly retention: number; readonly autoArchive: number };

const chat = fc.nat({ max: 30 });
const days = fc.integer({ min: 0, max: 8 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("create" as const), parent: fc.option(chat) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("message" as const, "archive" as const, "unarchive" as const, "run" as const),
      chat,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("pin" as const, "unpin" as const), chat }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("status" as const), chat, status: fc.constantFrom("running", "waiting") }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("file" as const), chat: fc.option(chat) }) },
  {
    weight: 5,
    // Whole days meet cutoffs exactly; a millisecond more or less misses them by as little.
    arbitrary: fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: -1, max: 1 }))
      .map(([whole, ms]) => ({ kind: "pass" as const, ms: whole * MS_PER_DAY + ms })),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("tick" as const), batchSize: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("windows" as const), retention: days, autoArchive: days }) },
);

interface ChatRow {
  readonly id: string;
  readonly root_chat_id: string | null;
  readonly archived: boolean;
  readonly archived_at: Date | null;
  readonly pin_order: number;
  readonly status: string;
  readonly created_at: Date;
  readonly activity: Date | null;
}

interface World {
  readonly chats: readonly ChatRow[];
  readonly files: readonly { readonly id: string; readonly created_at: Date; readonly chats: readonly string[] }[];
}

async function readWorld({ pool }: PurgeFixture): Promise<World> {
  const { rows: chats } = await pool.query<ChatRow>(`
    SELECT chats.*, greatest(
      (SELECT max(created_at) FROM chat_messages WHERE chat_id = chats.id AND NOT deleted),
      (SELECT max(started_at) FROM chat_debug_runs WHERE chat_id = chats.id)
    ) AS activity
    FROM chats ORDER BY id`);
  const { rows: files } = await pool.query<World["files"][number]>(`
    SELECT id, created_at, ARRAY(SELECT chat_id FROM chat_file_links WHERE file_id = chat_files.id) AS chats
    FROM chat_files ORDER BY id`);
  return { chats, files };
}

/** What a tick must leave, reckoned from what there was by the words of the contract and no SQL. */
function expectedAfter(world: World, now: number, windows: { retention: number; autoArchive: number }) {
  const before = (moment: Date | null, windowDays: number): boolean =>
    windowDays > 0 && moment !== null && moment.getTime() < now - windowDays * MS_PER_DAY;
  const rootOf = (row: ChatRow): ChatRow => world.chats.find(({ id }) => id === row.root_chat_id) ?? row;
  const isDeleted = (row: ChatRow): boolean => {
    const { archived, archived_at } = rootOf(row);
    return archived && before(archived_at, windows.retention);
  };
  const left = world.chats.filter((row) => !isDeleted(row));
  const isInactive = (root: ChatRow): boolean => {
    const family = left.filter((row) => rootOf(row) === root);
    const activity = Math.max(...family.map((row) => row.activity?.getTime() ?? Number.NEGATIVE_INFINITY));
    const clock = Number.isFinite(activity) ? new Date(activity) : root.created_at;
    const isFree = !root.archived && root.pin_order === 0 && root.status !== "running";
    return isFree && before(root.created_at, windows.autoArchive) && before(clock, windows.autoArchive);
  };
  const ids = new Set(left.map(({ id }) => id));
  return {
    chats: new Map(left.map((row) => [row.id, row.archived || isInactive(rootOf(row))])),
    files: world.files
      .filter((file) => file.chats.some((id) => ids.has(id)) || !before(file.created_at, windows.retention))
      .map(({ id }) => id),
  };
}

/** A deployment under test, which knows what it has made. */
class History {
  readonly #fixture: PurgeFixture;
  readonly #ownerId: string;
  readonly #made: string[] = [];
  readonly #windows = { retention: 3, autoArchive: 4 };
  /** What its ticks have done, policy by policy. */
  readonly done = new Map<string, number>();

  constructor(fixture: PurgeFixture, ownerId: string) {
    this.#fixture = fixture;
    this.#ownerId = ownerId;
  }

  async run(command: Command): Promise<void> {
    const { store, pool, clock } = this.#fixture;
    const ownerId = this.#ownerId;
    switch (command.kind) {
      case "create": {
        const parent = command.parent === null ? undefined : this.#pick(command.parent);
        // A child of a child, or of an archived root, is refused, and so makes nothing.
        const created = await refused(store.createChat({ ownerId, parentChatId: parent }));
        if (created !== undefined) this.#made.push(created.id);
        return;
      }
      case "message":
        await this.#on(command.chat, (chatId) =>
          store.addMessage({ chatId, ownerId, role: "assistant", content: [{ type: "text", text: "a" }], fileIds: [] }),
        );
        return;
      case "run":
        await this.#on(command.chat, (chatId) => this.#record(chatId));
        return;
      case "archive":
      case "unarchive":
        await this.#on(command.chat, (chatId) =>
          store.changeChat({ chatId, ownerId, changes: { archived: command.kind === "archive" } }, { userId: ownerId }),
        );
        return;
      case "pin":
      case "unpin":
        await this.#on(command.chat, (chatId) =>
          store.changeChat(
            { chatId, ownerId, changes: { pin_order: Number(command.kind === "pin") } },
            { userId: ownerId },
          ),
        );
        return;
      case "status":
        await this.#on(command.chat, (chatId) =>
          pool.query("UPDATE chats SET status = $2 WHERE id = $1 AND NOT archived", [chatId, command.status]),
        );
        return;
      case "file":
        await this.#upload(command.chat);
        return;
      case "pass":
        clock.set(new Date(clock.now().getTime() + command.ms));
        return;
      case "windows":
        this.#windows.retention = command.retention;
        this.#windows.autoArchive = command.autoArchive;
        return;
      case "tick":
        await this.#tick(command.batchSize);
    }
  }

  async #tick(batchSize: number): Promise<void> {
    await setWindow(this.#fixture, "retention-days", this.#windows.retention);
    await setWindow(this.#fixture, "auto-archive-days", this.#windows.autoArchive);
    const now = this.#fixture.clock.now().getTime();
    const expected = expectedAfter(await readWorld(this.#fixture), now, this.#windows);
    const { report } = await tick(this.#fixture, inBatchesOf(batchSize));
    expect(report).toMatchObject({ outcome: "success" });
    const { chats, files } = await readWorld(this.#fixture);
    expect(new Map(chats.map(({ id, archived }) => [id, archived]))).toEqual(expected.chats);
    expect(files.map(({ id }) => id)).toEqual(expected.files);
    for (const { policy, deleted } of report.policies) this.done.set(policy, (this.done.get(policy) ?? 0) + deleted);
  }

  #pick(number: number): string | undefined {
    return this.#made.length === 0 ? undefined : this.#made[number % this.#made.length];
  }

  /** Does something to a chat; what the chat's state refuses, and a chat that is gone by now, changes nothing. */
  async #on(number: number, act: (chatId: string) => Promise<unknown>): Promise<void> {
    const chatId = this.#pick(number);
    if (chatId !== undefined) await refused(act(chatId));
  }

  async #record(chatId: string): Promise<void> {
    const now = this.#fixture.clock.now().toISOString();
    const run = { id: randomUUID(), chat_id: chatId, started_at: now, updated_at: now };
    await this.#fixture.store.recordDebugBatch(
      { userId: this.#ownerId, scope: "full" },
      { chats: [], runs: [run], steps: [] },
    );
  }

  async #upload(number: number | null): Promise<void> {
    const { store, pool } = this.#fixture;
    const content = Buffer.from("kept");
    const fileId = await store.createFile({ ownerId: this.#ownerId, name: "", mediaType: "text/plain", content });
    const chatId = number === null ? undefined : this.#pick(number);
    if (chatId === undefined) return;
    await refused(pool.query("INSERT INTO chat_file_links (chat_id, file_id) VALUES ($1, $2)", [chatId, fileId]));
  }
}

/** Undefined where the deployment refused. */
async function refused<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch(() => undefined);
}

it(
  "whatever people do: nothing active is deleted, nothing expired outlives a tick, and a file stays while a chat links it",
  { timeout: 600_000 },
  async () => {
    const done = { "archived-chats": 0, "chat-files": 0, "inactive-chats": 0 };
    const property = fc.asyncProperty(
      fc.array(command, { minLength: 30, maxLength: 80, size: "max" }),
      async (commands) => {
        const fixture = await createPurgeFixture();
        const { rows } = await fixture.pool.query<{ owner_id: string }>("DELETE FROM chats RETURNING owner_id");
        const history = new History(fixture, rows[0]?.owner_id ?? "");
        for (const each of commands) await history.run(each);
        await history.run({ kind: "tick", batchSize: 2 });
        for (const policy of ["archived-chats", "chat-files", "inactive-chats"] as const) {
          done[policy] += history.done.get(policy) ?? 0;
        }
      },
    );
    // It says nothing where nothing happens: as long as chance leaves a policy with little to do, there are more histories.
    for (let round = 0; round === 0 || Object.values(done).some((count) => count <= 10); round += 1) {
      expect(round, `Hardly anything happens: ${JSON.stringify(done)}`).toBeLessThan(5);
      await fc.assert(property, { numRuns: 25 });
    }
  },
);
