import { createHmac } from "node:crypto";

import { OpenAI } from "openai";
import { describe, expect, it } from "vitest";

import { systemClock } from "../../src/clock.ts";
import { webhookNotifier } from "../../src/notify/webhook-notifier.ts";
import { FakeClock } from "../fake-clock.ts";
import { startWebhook } from "./loopback-webhook.ts";
import { testDigest } from "./test-digest.ts";

const SECRET = "whsec_c2hlbGZsaWZlIHRlc3RzIHNpZ24gd2l0aCB0aGlz";

const quiet = (): AbortSignal => new AbortController().signal;

describe("a webhook", () => {
  it("gets a digest as JSON, with titles, times, the number of further chats and both windows", async () => {
    const server = await startWebhook();
    const digest = testDigest({ retentionDays: "unknown" });
    await webhookNotifier({ url: server.url, secret: SECRET }, new FakeClock()).deliver(digest, quiet());
    expect(server.posts).toHaveLength(1);
    expect(server.posts[0]?.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(server.posts[0]?.body ?? "")).toEqual({
      type: "chats.auto_archived",
      timestamp: "2026-03-01T00:00:00.000Z",
      data: {
        id: digest.id,
        owner: { id: digest.owner.id, email: "ana@example.com" },
        items: [
          { title: "Quarterly figures", last_activity: "2025-11-30T10:00:00.000Z" },
          { title: "Überraschung", last_activity: "2025-10-01T10:00:00.000Z" },
        ],
        further: 7,
        auto_archive_days: 90,
        retention_days: "unknown",
      },
    });
  });

  it("gets a signature that another implementation of Standard Webhooks accepts, and refuses once a byte differs", async () => {
    const server = await startWebhook();
    await webhookNotifier({ url: server.url, secret: SECRET }, systemClock).deliver(testDigest(), quiet());
    const { headers, body } = server.posts[0] ?? { headers: {}, body: "" };
    const receiver = new OpenAI({ apiKey: "none", webhookSecret: SECRET });
    const received = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    await receiver.webhooks.verifySignature(body, received);
    await expect(receiver.webhooks.verifySignature(`${body} `, received)).rejects.toThrow(/signature/i);
    const later = { ...received, "webhook-timestamp": String(Number(received["webhook-timestamp"]) + 1) };
    await expect(receiver.webhooks.verifySignature(body, later)).rejects.toThrow(/signature/i);
  });

  it("is signed with a secret that is no base64 as it stands", async () => {
    const server = await startWebhook();
    const digest = testDigest();
    const clock = new FakeClock("2026-03-01T12:00:00.900Z");
    await webhookNotifier({ url: server.url, secret: "correct horse battery" }, clock).deliver(digest, quiet());
    const { headers, body } = server.posts[0] ?? { headers: {}, body: "" };
    const seconds = Date.parse("2026-03-01T12:00:00Z") / 1000;
    const signature = createHmac("sha256", "correct horse battery")
      .update(`${digest.id}.${seconds}.${body}`)
      .digest("base64");
    expect(headers).toMatchObject({
      "webhook-id": digest.id,
      "webhook-timestamp": String(seconds),
      "webhook-signature": `v1,${signature}`,
    });
  });

  it.each([500, 404, 301, 302])("that answers %i has not got it, and is not asked elsewhere", async (status) => {
    const elsewhere = await startWebhook();
    const server = await startWebhook(
      () => (response) => void response.writeHead(status, { location: elsewhere.url }).end("no"),
    );
    const delivery = webhookNotifier({ url: server.url, secret: SECRET }, new FakeClock()).deliver(
      testDigest(),
      quiet(),
    );
    await expect(delivery).rejects.toMatchObject({
      code: "delivery_failed",
      message: `The webhook answered with the status ${status}.`,
    });
    expect(elsewhere.posts).toHaveLength(0);
  });

  it("that does not answer is given up after ten seconds of the clock that was passed in", async () => {
    const server = await startWebhook(() => () => undefined);
    const clock = new FakeClock();
    const delivery = webhookNotifier({ url: server.url, secret: SECRET }, clock).deliver(testDigest(), quiet());
    const failure = delivery.catch((error: unknown) => error);
    await server.waitForPosts(1);
    await clock.advance(9_999);
    expect(clock.sleepers).toBe(1);
    await clock.advance(1);
    expect(await failure).toMatchObject({ code: "delivery_failed", message: "The delivery was given up after 10 s." });
  });

  it("that answers without an end has answered, and is not listened to", async () => {
    const server = await startWebhook(() => (response) => void response.writeHead(200).write("and so on"));
    const delivery = webhookNotifier({ url: server.url, secret: SECRET }, new FakeClock()).deliver(
      testDigest(),
      quiet(),
    );
    await expect(delivery).resolves.toBeUndefined();
  });

  it("that nobody listens at fails at once", async () => {
    // No system gives this port to whoever asks for any, and `fetch` does not refuse it by itself.
    const url = "http://127.0.0.1:2/digests";
    const delivery = webhookNotifier({ url, secret: SECRET }, new FakeClock()).deliver(testDigest(), quiet());
    await expect(delivery).rejects.toMatchObject({ message: "fetch failed", cause: { code: "ECONNREFUSED" } });
  });

  it("is let go of when the purge is told to stop", async () => {
    const server = await startWebhook(() => () => undefined);
    const stopping = new AbortController();
    const clock = new FakeClock();
    const delivery = webhookNotifier({ url: server.url, secret: SECRET }, clock).deliver(testDigest(), stopping.signal);
    const failure = delivery.catch((error: unknown) => error);
    await server.waitForPosts(1);
    stopping.abort();
    expect(await failure).toMatchObject({ name: "AbortError" });
    expect(clock.sleepers).toBe(0);
  });
});
