import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

import { onTestFinished } from "vitest";

export interface ReceivedPost {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A server on the loopback that takes posts, and answers as a test says. */
export interface LoopbackWebhook {
  readonly url: string;
  readonly posts: ReceivedPost[];
  /** Resolves once so many posts have come. */
  waitForPosts(count: number): Promise<void>;
  close(): Promise<void>;
}

/** @param answer what it answers a post with: a status, or what is done with the response */
export async function startWebhook(
  answer: (post: ReceivedPost) => number | ((response: ServerResponse) => void) = () => 204,
): Promise<LoopbackWebhook> {
  const posts: ReceivedPost[] = [];
  const arrivals: { count: number; resolve(): void }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const post = { headers: request.headers, body };
      posts.push(post);
      for (const { count, resolve } of arrivals) if (posts.length >= count) resolve();
      const answered = answer(post);
      if (typeof answered === "number") response.writeHead(answered).end();
      else answered(response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  onTestFinished(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/digests`,
    posts,
    waitForPosts(count) {
      if (posts.length >= count) return Promise.resolve();
      const { promise, resolve } = Promise.withResolvers<void>();
      arrivals.push({ count, resolve });
      return promise;
    },
    close,
  };
}
