import { describe, expect, it } from "vitest";

import { inChat } from "../src/in-chat.ts";
import { currentChatScope } from "../src/chat-scope.ts";

describe("work in a chat", () => {
  it("answers what the work answers, and fails as it fails", async () => {
    expect(await inChat({ chatId: "chat" }, () => 42)).toBe(42);
    expect(await inChat({ chatId: "chat" }, () => Promise.resolve(42))).toBe(42);
    const failure = new Error("No.");
    await expect(inChat({ chatId: "chat" }, () => Promise.reject(failure))).rejects.toBe(failure);
    const throwing = (): never => {
      throw failure;
    };
    await expect(inChat({ chatId: "chat" }, throwing)).rejects.toBe(failure);
  });

  it("knows its chat throughout, beside and inside other work", async () => {
    const look = async (chatId: string): Promise<unknown[]> =>
      inChat({ chatId }, async () => {
        const before = currentChatScope()?.chat.chatId;
        await new Promise((resolve) => setImmediate(resolve));
        const inner = await inChat({ chatId: `${chatId}-inner` }, () => currentChatScope()?.chat.chatId);
        return [before, inner, currentChatScope()?.chat.chatId];
      });
    expect(await Promise.all([look("a"), look("b")])).toEqual([
      ["a", "a-inner", "a"],
      ["b", "b-inner", "b"],
    ]);
    expect(currentChatScope()).toBeUndefined();
  });

  it("awaits a promise that starts only then inside of the chat", async () => {
    // oxlint-disable-next-line unicorn/no-thenable -- such promises are what this is about
    const lazy = { then: (resolve: (chat: unknown) => void) => resolve(currentChatScope()?.chat.chatId) };
    expect(await inChat({ chatId: "chat" }, () => lazy as PromiseLike<unknown>)).toBe("chat");
  });

  it("tells how it ended once, and does not fail where a listener does", async () => {
    const heard: string[] = [];
    let scope = currentChatScope();
    await inChat({ chatId: "chat" }, () => {
      scope = currentChatScope();
      scope?.onEnd(() => {
        throw new Error("A recorder's bug.");
      });
      scope?.onEnd(({ status }) => heard.push(status));
      expect(scope?.ended).toBe(false);
    });
    expect(scope?.ended).toBe(true);
    expect(heard).toEqual(["fulfilled"]);
    const failed = inChat({ chatId: "chat" }, () => {
      currentChatScope()?.onEnd(({ status }) => heard.push(status));
      return Promise.reject(new Error("No."));
    });
    await expect(failed).rejects.toThrow("No.");
    expect(heard).toEqual(["fulfilled", "rejected"]);
  });
});
