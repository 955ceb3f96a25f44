import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

import { describe, expect, it, onTestFinished } from "vitest";

import { mailNotifier } from "../../src/notify/mail-notifier.ts";
import { mailOf } from "../../src/notify/mail-text.ts";
import { FakeClock } from "../fake-clock.ts";
import { startMailServer } from "./loopback-mail.ts";
import { testDigest } from "./test-digest.ts";

const FROM = "Shelflife <shelflife@example.com>";

const quiet = (): AbortSignal => new AbortController().signal;

describe("a mail", () => {
  it("goes to the owner in plain text, with every title, both windows and the number of further ones", async () => {
    const server = await startMailServer();
    const digest = testDigest();
    const clock = new FakeClock("2026-03-01T12:00:00.000Z");
    await mailNotifier({ url: `smtp://127.0.0.1:${server.port}`, from: FROM }, clock).deliver(digest, quiet());
    expect(server.mails).toHaveLength(1);
    const { from, to, source } = server.mails[0] ?? { from: "", to: [], source: "" };
    expect({ from, to }).toEqual({ from: "shelflife@example.com", to: ["ana@example.com"] });
    const [head = "", body = ""] = source.split("\r\n\r\n", 2);
    expect(head).toContain("From: Shelflife <shelflife@example.com>");
    expect(head).toContain("To: ana@example.com");
    expect(head).toContain("Subject: 9 conversations archived");
    expect(head).toContain("Content-Type: text/plain");
    expect(head).toContain("Auto-Submitted: auto-generated");
    expect(head).toContain("Date: Sun, 01 Mar 2026 12:00:00 +0000");
    // The same at every attempt, so that whoever gets it twice sees it once.
    expect(head).toContain(`Message-ID: <${digest.id}@example.com>`);
    expect(body).toContain("9 conversations without activity for 90 days were archived.");
    const text = decodeQuotedPrintable(source.slice(source.indexOf("\r\n\r\n")));
    expect(text).toContain("- Quarterly figures (last activity 2025-11-30)");
    expect(text).toContain("- Überraschung (last activity 2025-10-01)");
    expect(text).toContain("And 7 more.");
    expect(text).toContain("deleted 30 days after they were archived");
  });

  it("is sent after signing in, where the URL has a user and a password", async () => {
    const seen: string[] = [];
    const server = await startMailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        seen.push(`${username}:${password}`);
        done(null, { user: username });
      },
    });
    const url = `smtp://ana%40example.com:p%40ss@127.0.0.1:${server.port}`;
    await mailNotifier({ url, from: FROM }, new FakeClock()).deliver(testDigest(), quiet());
    expect(seen).toEqual(["ana@example.com:p@ss"]);
    expect(server.mails).toHaveLength(1);
  });

  it("has one recipient, whatever the address looks like", async () => {
    const server = await startMailServer();
    const owner = { id: testDigest().owner.id, email: "ana@example.com, eve@example.com" };
    const delivery = mailNotifier({ url: `smtp://127.0.0.1:${server.port}`, from: FROM }, new FakeClock()).deliver(
      testDigest({ owner }),
      quiet(),
    );
    await delivery.catch(() => undefined);
    expect(server.mails.flatMap(({ to }) => to)).not.toContain("eve@example.com");
  });

  it("that the server refuses has failed, and the next one is delivered", async () => {
    let refusing = true;
    const server = await startMailServer({
      onRcptTo(_address, _session, done) {
        done(refusing ? new Error("no such mailbox: ana@example.com") : null);
      },
    });
    const notifier = mailNotifier({ url: `smtp://127.0.0.1:${server.port}`, from: FROM }, new FakeClock());
    await expect(notifier.deliver(testDigest(), quiet())).rejects.toMatchObject({
      code: "delivery_failed",
      // The server's own words may quote the address.
      message: "The mail could not be sent: EENVELOPE 550.",
    });
    refusing = false;
    await notifier.deliver(testDigest(), quiet());
    expect(server.mails).toHaveLength(1);
  });

  it("to a server that does not greet is given up after ten seconds of the clock that was passed in", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const connected = once(silent, "connection");
    onTestFinished(() => void silent.close());
    const clock = new FakeClock();
    const url = `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const failure = mailNotifier({ url, from: FROM }, clock)
      .deliver(testDigest(), quiet())
      .catch((error: unknown) => error);
    await connected;
    await clock.advance(10_000);
    expect(await failure).toMatchObject({ code: "delivery_failed", message: "The delivery was given up after 10 s." });
  });

  it("to where nobody listens fails at once", async () => {
    // No system gives this port to whoever asks for any.
    const notifier = mailNotifier({ url: "smtp://127.0.0.1:1", from: FROM }, new FakeClock());
    await expect(notifier.deliver(testDigest(), quiet())).rejects.toMatchObject({
      message: "The mail could not be sent: ESOCKET.",
    });
  });
});

describe("the text of a mail", () => {
  it("speaks of one conversation as of one, and of a day as of a day", () => {
    const { subject, text } = mailOf(
      testDigest({
        items: [{ title: "Only", lastActivity: new Date(0) }],
        further: 0,
        autoArchiveDays: 1,
        retentionDays: 1,
      }),
    );
    expect(subject).toBe("1 conversation archived");
    expect(text).toBe(
      "1 conversation without activity for 1 day was archived.\n\n- Only (last activity 1970-01-01)\n\n" +
        "Archived conversations are deleted 1 day after they were archived. To keep one, unarchive it.\n",
    );
  });

  it("says so where a window cannot be read, and where archived conversations are kept", () => {
    const unknown = mailOf(testDigest({ autoArchiveDays: "unknown", retentionDays: "unknown" })).text;
    expect(unknown).toContain("9 conversations without activity were archived.");
    expect(unknown).toContain("How long archived conversations are kept could not be read.");
    expect(mailOf(testDigest({ retentionDays: 0 })).text).toContain("Archived conversations are kept.");
  });

  it("keeps a title on its line", () => {
    const title = "First\r\nSubject: forged\u2028- Second";
    const { text } = mailOf(testDigest({ items: [{ title, lastActivity: new Date(0) }] }));
    expect(text.split("\n").filter((line) => line.startsWith("- "))).toEqual([
      "- First Subject: forged - Second (last activity 1970-01-01)",
    ]);
  });

  it("lists nothing where all of its chats are gone by now", () => {
    expect(mailOf(testDigest({ items: [], further: 3 })).text).not.toContain("more");
  });
});

function decodeQuotedPrintable(text: string): string {
  const bytes = text
    .replaceAll("=\r\n", "")
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
