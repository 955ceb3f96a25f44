import { randomUUID } from "node:crypto";

import { PAGE_DEFAULT, PAGE_MAX } from "@shelflife/api-contract";
import { beforeEach, describe, expect, test } from "vitest";

import { CHATS } from "../test-app.ts";
import {
  createChatFixture,
  createFamily,
  refusal,
  setChat,
  type ChatFixture,
  type ChatPerson,
} from "./chat-fixture.ts";

let fixture: ChatFixture;
let person: ChatPerson;

beforeEach(async () => {
  fixture = await createChatFixture();
  ({ person } = fixture);
});

/** Chats with these titles, each a second newer than the one before. */
async function createChats(...titles: string[]): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const title of titles) {
    await fixture.clock.advance(1_000);
    ids.set(title, (await person.chats.create({ title })).id);
  }
  return ids;
}

async function titles(listing: Parameters<ChatPerson["chats"]["list"]>[0] = {}): Promise<string[]> {
  return (await person.chats.list(listing)).map((chat) => chat.title);
}

async function listByQuery(query: string): Promise<string[]> {
  const response = await fixture.request("GET", `${CHATS}?${query}`, { key: person.key });
  expect(response.status).toBe(200);
  return ((await response.json()) as { title: string }[]).map(({ title }) => title);
}

describe("the list of one's own chats", () => {
  test("is an empty array where there are none", async () => {
    expect(await person.chats.list()).toEqual([]);
  });

  test("has the newest first by their last change", async () => {
    const ids = await createChats("one", "two", "three");
    await fixture.clock.advance(1_000);
    await person.chats.change(ids.get("one") ?? "", { labels: { changed: "yes" } });
    expect(await titles()).toEqual(["one", "three", "two"]);
  });

  test("has the greater id first where two were changed at the same moment", async () => {
    const chats = [await person.chats.create(), await person.chats.create(), await person.chats.create()];
    expect((await person.chats.list()).map(({ id }) => id)).toEqual(
      chats
        .map(({ id }) => id)
        .toSorted()
        .toReversed(),
    );
  });

  test("has pinned chats before all others, by their place and then the newest", async () => {
    const ids = await createChats("a", "b", "c", "d", "e");
    for (const [title, pin_order] of Object.entries({ a: 2, b: 1, c: 2 })) {
      await person.chats.change(ids.get(title) ?? "", { pin_order });
    }
    expect(await titles()).toEqual(["b", "c", "a", "e", "d"]);
  });

  test("has roots, with their children in them", async () => {
    const { root, children } = await createFamily(person, { title: "Root", children: 2 });
    const list = await person.chats.list();
    expect(list.map(({ id }) => id)).toEqual([root.id]);
    expect(list[0]?.children.map(({ id }) => id)).toEqual(children.map(({ id }) => id));
  });

  test("has nobody else's chats, nor those that are being deleted", async () => {
    await (await fixture.createPerson()).chats.create({ title: "Not mine" });
    const ids = await createChats("kept", "going");
    await setChat(fixture, ids.get("going") ?? "", { purging_at: new Date() });
    expect(await titles()).toEqual(["kept"]);
  });

  test("has archived chats only where they are asked for, and then only those", async () => {
    const ids = await createChats("open", "archived");
    await person.chats.change(ids.get("archived") ?? "", { archived: true });
    expect(await titles()).toEqual(["open"]);
    expect(await titles({ archived: false })).toEqual(["open"]);
    expect(await titles({ archived: true })).toEqual(["archived"]);
  });
});

describe("a search", () => {
  beforeEach(async () => {
    const ids = await createChats("Über den Wolken", "100% done_ish", "Deploying on a Friday", "friday plans");
    await person.chats.change(ids.get("friday plans") ?? "", { archived: true });
  });

  test.each([
    ["friday", ["Deploying on a Friday"]],
    ["FRIDAY", ["Deploying on a Friday"]],
    ["a friday", ["Deploying on a Friday"]],
    ["über", ["Über den Wolken"]],
    ["%", ["100% done_ish"]],
    ["_", ["100% done_ish"]],
    ["o%d", []],
    ["  ", ["Deploying on a Friday", "100% done_ish", "Über den Wolken"]],
    ["archived:true", ["friday plans"]],
    ["archived:TRUE", ["friday plans"]],
    ["archived:false friday", ["Deploying on a Friday"]],
    ["friday archived:true", ["friday plans"]],
    ["title:friday", ["Deploying on a Friday"]],
    ['title:"a friday" archived:false', ["Deploying on a Friday"]],
    ["unarchived:true", []],
  ])("for %j finds %j", async (q, expected) => {
    expect(await titles({ q })).toEqual(expected);
  });

  test("for labels finds chats that have all of them", async () => {
    await person.chats.create({ title: "both", labels: { team: "web", env: "a:b" } });
    await person.chats.create({ title: "one", labels: { team: "web" } });
    expect(await titles({ labels: { team: "web", env: "a:b" } })).toEqual(["both"]);
    expect(new Set(await titles({ labels: { team: "web" } }))).toEqual(new Set(["both", "one"]));
    expect(await titles({ labels: { team: "we" } })).toEqual([]);
    expect(await listByQuery("label=team:web&label=env:a:b&q=BOTH")).toEqual(["both"]);
    expect(await listByQuery("label=__proto__:x")).toEqual([]);
  });
});

describe("a page", () => {
  test(`has ${PAGE_DEFAULT} chats unless told`, async () => {
    await fixture.pool.query(
      `INSERT INTO chats (owner_id, organization_id, title)
       SELECT $1, organizations.id, n::text FROM organizations, generate_series(1, $2) AS n`,
      [person.id, PAGE_DEFAULT + 1],
    );
    expect(await titles()).toHaveLength(PAGE_DEFAULT);
    expect(await titles({ limit: PAGE_MAX })).toHaveLength(PAGE_DEFAULT + 1);
  });

  test.each([1, 2, 3, 7])("follows the one before without a gap or a repetition, %i at a time", async (limit) => {
    const ids = await createChats("a", "b", "c", "d", "e", "f", "g");
    // Pinned ones, a tie among them, and a tie of microseconds that a Date would not tell apart.
    for (const [title, pin_order] of Object.entries({ a: 1, b: 5, c: 5 }))
      await person.chats.change(ids.get(title) ?? "", { pin_order });
    for (const [title, updated_at] of Object.entries({
      d: "12:00:00.000001",
      e: "12:00:00.000002",
      f: "12:00:00.000002",
    }))
      await setChat(fixture, ids.get(title) ?? "", { updated_at: `2026-03-01T${updated_at}Z` });
    const whole = await person.chats.list();
    const paged: string[] = [];
    for (let after: { after_id?: string } = {}; ;) {
      const page = await person.chats.list({ ...after, limit });
      expect(page.length).toBeLessThanOrEqual(limit);
      paged.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      if (last === undefined) break;
      after = { after_id: last.id };
    }
    expect(paged).toEqual(whole.map(({ id }) => id));
    expect(whole).toHaveLength(7);
  });

  test("after a chat that is no root of the reader's is refused", async () => {
    const other = await (await fixture.createPerson()).chats.create();
    const { children } = await createFamily(person);
    for (const id of [other.id, children[0]?.id, randomUUID()]) {
      expect(await refusal(fixture, ["GET", `${CHATS}?after_id=${id}`])).toMatchObject({
        status: 400,
        validations: [{ field: "after_id" }],
      });
    }
  });
});

test.each([
  ["limit=0", "limit"],
  ["limit=201", "limit"],
  ["limit=", "limit"],
  ["limit=ten", "limit"],
  ["limit=1.5", "limit"],
  ["archived=yes", "archived"],
  ["archived=", "archived"],
  ["after_id=1", "after_id"],
  ["owner_id=me", "owner_id"],
  ["label=team", "label.0"],
  ["label=:web", "label.0"],
  ["label=team:", "label.0"],
  ["q=a%00b", "q"],
  ["q=archived:maybe", "q"],
  ["q=archived:true&archived=false", "q"],
])("the query %s is refused by the name of its parameter", async (query, field) => {
  expect(await refusal(fixture, ["GET", `${CHATS}?${query}`])).toMatchObject({
    status: 400,
    code: "validation_failed",
    message: "The query is not valid.",
    validations: [{ field }],
  });
});

describe("another person's chats", () => {
  test("are listed for auditors and owners, roots and children alike, without what their owner wrote", async () => {
    const { root, children } = await createFamily(person, { title: "Private", labels: { secret: "yes" } });
    await fixture.clock.advance(1_000);
    await person.chats.change(root.id, { title: "Still private" });
    for (const role of ["auditor", "owner"] as const) {
      const admin = await fixture.createPerson(role);
      const response = await fixture.request("GET", `${CHATS}?owner_id=${person.id}`, { key: admin.key });
      const list = (await response.json()) as Record<string, unknown>[];
      expect(list).toEqual([
        {
          id: root.id,
          owner_id: person.id,
          status: "waiting",
          created_at: root.created_at,
          updated_at: fixture.clock.now().toISOString(),
          archived: false,
        },
        expect.objectContaining({ id: children[0]?.id, parent_chat_id: root.id, root_chat_id: root.id }),
      ]);
      expect(await admin.chats.listOfOwner(person.id, { archived: true })).toEqual([]);
      expect(await admin.chats.listOfOwner(randomUUID())).toEqual([]);
    }
  });

  test("come page by page", async () => {
    const ids = [...(await createChats("a", "b", "c")).values()].toReversed();
    const admin = await fixture.createPerson("owner");
    const first = await admin.chats.listOfOwner(person.id, { limit: 2 });
    const second = await admin.chats.listOfOwner(person.id, { limit: 2, after_id: first.at(-1)?.id ?? "" });
    expect([...first, ...second].map(({ id }) => id)).toEqual(ids);
  });

  test.each(["q=private", "label=secret:yes", "q=title:x"])(
    "cannot be searched, which would tell what the list leaves out (%s)",
    async (query) => {
      const admin = await fixture.createPerson("owner");
      const path = `${CHATS}?owner_id=${person.id}&${query}`;
      expect(await refusal(fixture, ["GET", path], undefined, admin.key)).toMatchObject({ status: 400 });
    },
  );

  test("are refused to members, who may name themselves", async () => {
    const other = await fixture.createPerson();
    await person.chats.create({ title: "Mine" });
    expect(await refusal(fixture, ["GET", `${CHATS}?owner_id=${person.id}`], undefined, other.key)).toMatchObject({
      status: 403,
      code: "forbidden",
    });
    expect(await listByQuery(`owner_id=${person.id.toUpperCase()}`)).toEqual(["Mine"]);
  });

  test("are their own for an owner who names themselves", async () => {
    const admin = await fixture.createPerson("owner");
    await admin.chats.create({ title: "The admin's" });
    const response = await fixture.request("GET", `${CHATS}?owner_id=${admin.id}`, { key: admin.key });
    expect(await response.json()).toMatchObject([{ title: "The admin's", children: [] }]);
  });
});
