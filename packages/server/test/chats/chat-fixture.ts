import type { Chat, ChatMessage, ContentPart, ErrorBody, MessageRole, NewChat } from "@shelflife/api-contract";
import type { ChatsClient } from "@shelflife/sdk";
import { expect } from "vitest";

import { CHATS, createTestApp, readErrorBody, type TestApp, type TestAppOptions, type TestUser } from "../test-app.ts";

/** A person with the client's view of their own chats. */
export interface ChatPerson extends TestUser {
  readonly chats: ChatsClient;
}

export interface ChatFixture extends TestApp {
  readonly person: ChatPerson;
  createPerson(role?: "member" | "auditor" | "owner"): Promise<ChatPerson>;
}

/** The application with one person in it. */
export async function createChatFixture(options?: TestAppOptions): Promise<ChatFixture> {
  const app = await createTestApp(options);
  const createPerson: ChatFixture["createPerson"] = async (role = "member") => {
    const user = await app.createUser({ role });
    return { ...user, chats: app.client(user.key).chats };
  };
  return { ...app, createPerson, person: await createPerson() };
}

export function chatPath(chat: { readonly id: string }): string {
  return `${CHATS}/${chat.id}`;
}

/** A root with so many children. */
export async function createFamily(
  person: ChatPerson,
  { children = 1, ...root }: NewChat & { children?: number } = {},
): Promise<{ root: Chat; children: Chat[] }> {
  const created = await person.chats.create(root);
  const list: Chat[] = [];
  for (let index = 0; index < children; index += 1) {
    list.push(await person.chats.create({ parent_chat_id: created.id, title: `Child ${index + 1}` }));
  }
  return { root: created, children: list };
}

export function text(value: string): ContentPart[] {
  return [{ type: "text", text: value }];
}

/** Sends one message after the other, each of one text. */
export async function say(
  person: ChatPerson,
  chat: { readonly id: string },
  ...messages: [role: MessageRole, text: string][]
): Promise<ChatMessage[]> {
  const sent: ChatMessage[] = [];
  for (const [role, value] of messages) {
    sent.push(await person.chats.sendMessage(chat.id, { role, content: text(value) }));
  }
  return sent;
}

/** The texts of messages, to compare what a page holds. */
export function textsOf(messages: readonly { readonly content: readonly Record<string, unknown>[] }[]): unknown[] {
  return messages.map(({ content }) => content[0]?.text);
}

/** Sends a request as it is, which must be refused, and answers with what. */
export async function refusal(
  fixture: ChatFixture,
  [method, path]: [method: string, path: string],
  json?: unknown,
  key = fixture.person.key,
): Promise<ErrorBody & { status: number }> {
  const response = await fixture.request(method, path, { key, ...(json === undefined ? {} : { json }) });
  expect(response.ok).toBe(false);
  return { status: response.status, ...(await readErrorBody(response)) };
}

/** Sets columns of a chat, as an operator might. */
export async function setChat(fixture: TestApp, id: string, columns: Record<string, unknown>): Promise<void> {
  const names = Object.keys(columns);
  const assignments = names.map((name, index) => `${name} = $${index + 2}`).join(", ");
  await fixture.pool.query(`UPDATE chats SET ${assignments} WHERE id = $1`, [id, ...Object.values(columns)]);
}
