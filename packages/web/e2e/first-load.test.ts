import { gzipSync } from "node:zlib";

import { expect, it } from "vitest";

import { serveShelflife } from "./served-shelflife.ts";

/** What may be loaded until a page is there, in bytes after gzip: scripts, styles and everything else. */
const FIRST_LOAD_BYTES = 300_000;

const shelflife = serveShelflife({ SHELFLIFE_PURGE: "off" });

it.each([
  ["/sign-in", undefined],
  ["/chats", "owner"],
  ["/lifecycle", "owner"],
  ["/retention", "owner"],
] as const)("%s is there after at most 300 kB", async (path, role) => {
  const as = role === undefined ? undefined : await shelflife.createAccount(role);
  const page = await shelflife.openPage(path, { ...(as && { as }) });
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForLoadState("networkidle");
  const loaded = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
  const files = [page.url(), ...loaded.filter((url) => !new URL(url).pathname.startsWith("/api/"))];
  const sizes = await Promise.all([...new Set(files)].map(sizeAfterGzip));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  // Fewer would mean that they were not seen.
  expect(sizes.length).toBeGreaterThan(3);
  expect(total).toBeGreaterThan(100_000);
  expect(total).toBeLessThan(FIRST_LOAD_BYTES);
});

async function sizeAfterGzip(url: string): Promise<number> {
  const response = await fetch(url, { headers: { Accept: "text/html,*/*" } });
  expect(response.status).toBe(200);
  return gzipSync(await response.bytes()).length;
}
