import { randomUUID } from "node:crypto";
import { gzipSync } from "node:zlib";

import { beforeAll, expect, it } from "vitest";

import { chatItem } from "../../server/test/debug-batches.ts";
import { type Account, serveShelflife } from "./served-shelflife.ts";

/** What may be loaded until a page is there, in bytes after gzip: scripts, styles and everything else. */
const FIRST_LOAD_BYTES = 300_000;

/** The library that draws charts. It is loaded after the page that shows some, and by no other. */
const CHARTS_BYTES = 130_000;

const CHAT = randomUUID();

const shelflife = serveShelflife({ SHELFLIFE_PURGE: "off", SHELFLIFE_CHAT_DEBUG_LOGGING_ENABLED: "true" });

let owner: Account;

beforeAll(async () => {
  owner = await shelflife.createAccount("owner");
  await shelflife.client(owner).recordDebugBatch({ chats: [chatItem({ id: CHAT })] });
});

it.each([
  ["/sign-in", false, FIRST_LOAD_BYTES],
  ["/chats", true, FIRST_LOAD_BYTES],
  [`/chats/${CHAT}`, true, FIRST_LOAD_BYTES],
  [`/chats/${CHAT}?tab=debug`, true, FIRST_LOAD_BYTES],
  ["/lifecycle", true, FIRST_LOAD_BYTES],
  ["/audit", true, FIRST_LOAD_BYTES],
  ["/users", true, FIRST_LOAD_BYTES],
  ["/settings", true, FIRST_LOAD_BYTES],
  ["/retention", true, FIRST_LOAD_BYTES + CHARTS_BYTES],
] as const)("%s is there after few bytes", async (path, isSignedIn, limit) => {
  const page = await shelflife.openPage(path, isSignedIn ? { as: owner } : {});
  await page.getByRole("heading", { level: 1 }).waitFor();
  // A busy machine is quiet between two files as well.
  await page.waitForFunction(
    () => document.querySelector("[role=status][aria-label^=Loading], .mantine-Skeleton-root") === null,
  );
  await page.waitForLoadState("networkidle");
  const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
  const files = [page.url(), ...loaded.filter((url) => !new URL(url).pathname.startsWith("/api/"))];
  const sizes = await Promise.all([...new Set(files)].map(sizeAfterGzip));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  // Fewer would mean that they were not seen.
  expect(sizes.length).toBeGreaterThan(3);
  expect(total).toBeGreaterThan(100_000);
  expect(total).toBeLessThan(limit);
});

async function sizeAfterGzip(url: string): Promise<number> {
  const response = await fetch(url, { headers: { Accept: "text/html,*/*" } });
  expect(response.status).toBe(200);
  return gzipSync(await response.bytes()).length;
}
