import type { Chat } from "@shelflife/api-contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import type { Conversation } from "../../src/demo/conversation.ts";
import { generateFamilies } from "../../src/demo/generate.ts";
import type { DemoReport } from "../../src/demo/run-demo.ts";
import { ShowCase } from "../../src/demo/show-case.ts";
import { serveApp, type ServedApp } from "./served-app.ts";
import { NOW } from "./whole-demo.ts";

const CHATS = 40;
const MS_PER_DAY = 86_400_000;

let server: ServedApp;
let first: DemoReport;
let atFirst: FoundChat[];
let second: DemoReport;
let afterwards: FoundChat[];
/** What the first run of the demo had to tell. */
let showCase: ShowCase;
let secondShowCase: ShowCase;

/** A chat as its owner finds it. */
interface FoundChat {
  readonly owner: string;
  readonly chat: Chat;
  readonly messages: readonly { readonly role: string; readonly text: unknown }[];
  readonly queued: number;
}

beforeAll(async () => {
  server = await serveApp({ chats: CHATS });
  showCase = watchAll(NOW);
  first = await server.fillForPeople();
  atFirst = await findChats(first);
  await server.app.clock.advance(60_000);
  secondShowCase = watchAll(server.app.clock.now());
  second = await server.fillForPeople();
  afterwards = await findChats(second);
});
afterAll(() => server.close());

/** What the demo has to tell at that moment. */
function watchAll(now: Date): ShowCase {
  const watched = new ShowCase(now);
  // Going through the families is what fills it.
  expect([...watched.watch(generateFamilies(server.options.size, now))].flat()).toHaveLength(CHATS);
  return watched;
}

async function findChats({ people }: DemoReport): Promise<FoundChat[]> {
  const found = people.map(async ({ email, key }) => {
    const { chats } = server.app.client(key);
    const roots = [...(await chats.list({ limit: 200 })), ...(await chats.list({ limit: 200, archived: true }))];
    const ids = roots.flatMap((root) => [root.id, ...root.children.map(({ id }) => id)]);
    return Promise.all(
      ids.map(async (id) => {
        const chat = await chats.get(id);
        const { messages, queued_messages } = await chats.listMessages(id, { limit: 200, before_id: 1e9 });
        const texts = messages.map(({ role, content }) => ({ role, text: content[0]?.["text"] }));
        return { owner: email, chat, messages: texts, queued: queued_messages.length };
      }),
    );
  });
  return (await Promise.all(found)).flat();
}

function chatOf({ chat, owner }: Conversation, found = atFirst): FoundChat {
  const match = found.find((candidate) => candidate.chat.id === chat.id && candidate.owner === owner);
  if (match === undefined) throw new Error(`${owner} has no chat ${chat.id}.`);
  return match;
}

function isBusy({ chat }: Conversation): boolean {
  return chat.status === "running";
}

describe("the messages of the newest chats", () => {
  it("are what was asked and answered in their runs, in its order, and still unread", async () => {
    const quiet = showCase.conversations.filter((conversation) => !isBusy(conversation));
    expect(quiet.length).toBeGreaterThan(0);
    for (const conversation of quiet) {
      const { chat, messages, queued, owner } = chatOf(conversation);
      expect(messages).toEqual(conversation.said);
      expect({ queued, unread: chat.has_unread }).toEqual({ queued: 0, unread: true });
      const key = first.people.find(({ email }) => email === owner)?.key ?? "";
      const runs = await server.app.client(key).listDebugRuns(chat.id);
      const turns = runs.filter(({ kind }) => kind === "chat_turn").toReversed();
      const questions = messages.filter(({ role }) => role === "user").map(({ text }) => text);
      expect(turns.map(({ summary }) => summary["first_message"])).toEqual(questions);
    }
  });

  it("are in chats at work the question that is being worked on, and one that waits", () => {
    const busy = showCase.conversations.filter(isBusy);
    expect(busy.length).toBeGreaterThan(0);
    for (const conversation of busy) {
      const { chat, messages, queued } = chatOf(conversation);
      expect({ status: chat.status, queued }).toEqual({ status: "running", queued: 1 });
      expect(messages.at(-1)?.role).toBe("user");
      expect(messages).toHaveLength(conversation.said.length);
    }
  });

  it("are not given to chats that have been quiet for days, which they would wake", () => {
    const told = new Set(showCase.conversations.map(({ chat }) => chat.id));
    const others = atFirst.filter(({ chat }) => !told.has(chat.id));
    expect(others.length).toBeGreaterThan(10);
    expect(others.flatMap(({ messages }) => messages)).toEqual([]);
    const quietLately = others.filter(
      ({ chat }) => !chat.archived && Date.parse(chat.updated_at) > NOW.getTime() - MS_PER_DAY,
    );
    expect(quietLately).toEqual([]);
  });

  it("are there for each person", () => {
    const withMessages = new Set(atFirst.filter(({ messages }) => messages.length > 0).map(({ owner }) => owner));
    expect(withMessages).toEqual(new Set(first.people.map(({ email }) => email)));
  });

  it("are as many as the report says, with as many files", () => {
    const messages = atFirst.reduce((sum, chat) => sum + chat.messages.length + chat.queued, 0);
    const files = atFirst.reduce((sum, { chat }) => sum + (chat.files?.length ?? 0), 0);
    expect(first.furnished).toMatchObject({ messages, files });
    expect(files).toBeGreaterThan(0);
  });
});

describe("the order of each person's chats", () => {
  it("has the newest quiet ones at the top, and the oldest in the archive", () => {
    const orders = showCase.tidyChats;
    expect(orders.length).toBeGreaterThan(1);
    for (const { owner, pinned, archived } of orders) {
      const own = atFirst.filter((found) => found.owner === owner).map(({ chat }) => chat);
      const top = own.filter(({ pin_order }) => pin_order > 0).toSorted((a, b) => a.pin_order - b.pin_order);
      expect(top.map(({ id }) => id)).toEqual(pinned);
      const roots = own.filter((chat) => chat.archived && chat.parent_chat_id === undefined).map(({ id }) => id);
      expect(roots.toSorted()).toEqual(archived.toSorted());
    }
    expect(first.furnished).toMatchObject({
      pinned: orders.flatMap(({ pinned }) => pinned).length,
      archived: orders.flatMap(({ archived }) => archived).length,
    });
    expect(first.furnished.archived).toBeGreaterThan(2);
  });
});

describe("a second time", () => {
  it("adds the questions of the new turns in progress, and nothing else", () => {
    const newQuestions = showCase.conversations.filter((conversation) => {
      const told = secondShowCase.conversations.find(({ chat }) => chat.id === conversation.chat.id);
      return isBusy(conversation) && told?.said.at(-1)?.text !== conversation.said.at(-1)?.text;
    });
    expect(newQuestions.length).toBeGreaterThan(0);
    expect(second.furnished).toEqual({ messages: newQuestions.length, files: 0, pinned: 0, archived: 0 });
    for (const conversation of showCase.conversations) {
      const [before, after] = [chatOf(conversation), chatOf(conversation, afterwards)];
      // What waited is a message by now, before the question of the new turn.
      const added = Number(isBusy(conversation)) + Number(newQuestions.includes(conversation));
      expect(after.messages).toHaveLength(before.messages.length + added);
      expect(after.messages.slice(0, before.messages.length)).toEqual(before.messages);
      expect(after.queued).toBe(0);
    }
  });

  it("leaves pins and the archive as they are", () => {
    const shelf = (found: FoundChat[]) =>
      found.map(({ chat: { id, pin_order, archived } }) => ({ id, pin_order, archived }));
    expect(shelf(afterwards).toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual(
      shelf(atFirst).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    );
  });
});
