import { request as httpRequest } from "node:http";
import { BlockList } from "node:net";

import { describe, expect, onTestFinished, test } from "vitest";

import { systemClock } from "../../src/clock.ts";
import { addressBlock, trustedProxyList } from "../../src/http/client-address.ts";
import { listen } from "../../src/http/listen.ts";
import { createTestApp, type TestApp } from "../test-app.ts";

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
}

/** Asks the served application from an address of the loopback, as `127.0.0.2` is one. */
async function serve(app: TestApp): Promise<(from: string, headers?: Record<string, string>) => Promise<Answer>> {
  const { url, close } = await listen(app.app.fetch, { host: "127.0.0.1", port: 0 }, systemClock);
  onTestFinished(close);
  return (from, headers = {}) => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = httpRequest(
      `${url}/api/auth/sign-in/email`,
      { method: "POST", localAddress: from, agent: false, headers },
      (response) => {
        let body = "";
        response.on("data", (chunk: Buffer) => (body += chunk.toString()));
        response.on("end", () => resolve({ status: response.statusCode, body }));
      },
    );
    sent.on("error", reject);
    sent.end(JSON.stringify({ email: "person@example.com", password: "wrong" }));
    return promise;
  };
}

async function countedAddresses(app: TestApp): Promise<string[]> {
  const { rows } = await app.pool.query<{ key: string }>("SELECT key FROM sign_in_attempts ORDER BY key");
  return rows.map(({ key }) => key.replace("password|", ""));
}

describe("the address of a client", () => {
  test("is the socket's, whatever a header claims", async () => {
    const app = await createTestApp();
    const ask = await serve(app);
    await ask("127.0.0.1", { "X-Forwarded-For": "192.0.2.1" });
    await ask("127.0.0.2", { "X-Forwarded-For": "192.0.2.1" });
    expect(await countedAddresses(app)).toEqual(["127.0.0.1", "127.0.0.2"]);
  });

  test.each([
    ["what the proxy was asked from", "192.0.2.1", "192.0.2.1"],
    ["the last that no trusted proxy added, whatever was written before it", "198.51.100.9, 192.0.2.1", "192.0.2.1"],
    ["behind two trusted proxies, what the first was asked from", "192.0.2.1, 10.20.30.40", "192.0.2.1"],
    ["the proxy's own where it says nothing", "", "127.0.0.2"],
    ["the proxy's own where what it says is no address", "somebody", "127.0.0.2"],
    ["version 4 where it comes within version 6", "::ffff:192.0.2.1", "192.0.2.1"],
    ["of version 6, the block that one customer has", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ])("is, by the word of a trusted proxy, %s", async (_name, forwarded, expected) => {
    const app = await createTestApp({ trustedProxies: ["127.0.0.2", "10.0.0.0/8"] });
    const ask = await serve(app);
    await ask("127.0.0.2", { "X-Forwarded-For": forwarded });
    expect(await countedAddresses(app)).toEqual([expected]);
  });

  test("keeps one client's attempts from being held against another", async () => {
    const ask = await serve(await createTestApp());
    for (let count = 0; count < 20; count += 1) await ask("127.0.0.1");
    expect((await ask("127.0.0.1")).status).toBe(429);
    expect((await ask("127.0.0.2")).status).toBe(401);
  });
});

test.each([
  ["192.0.2.1", "192.0.2.1"],
  ["::1", "0:0:0:0::/64"],
  ["2001:DB8::1", "2001:db8:0:0::/64"],
  ["2001:0db8:0000:0002::", "2001:db8:0:2::/64"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["fe80::a:b:c:d:e:f", "fe80:0:a:b::/64"],
  ["unknown", "unknown"],
])("the block of %s is %s", (address, block) => {
  expect(addressBlock(address)).toBe(block);
});

test("ranges of both versions can be trusted", () => {
  const list = trustedProxyList(["10.0.0.0/8", "2001:db8::/32", "192.0.2.1"]);
  expect(list).toBeInstanceOf(BlockList);
  const trusted = ["10.255.0.1", "192.0.2.1"].map((address) => list.check(address, "ipv4"));
  expect(trusted).toEqual([true, true]);
  expect(list.check("2001:db8:ffff::1", "ipv6")).toBe(true);
  expect(list.check("11.0.0.1", "ipv4")).toBe(false);
  expect(list.check("192.0.2.2", "ipv4")).toBe(false);
});
