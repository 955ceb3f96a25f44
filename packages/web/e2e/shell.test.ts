import { describe, expect, it } from "vitest";

import { expectAccessible } from "./accessibility.ts";
import { serveShelflife } from "./served-shelflife.ts";

const shelflife = serveShelflife({ SHELFLIFE_PURGE: "off" });

describe("who is not signed in", () => {
  it.each(["light", "dark"] as const)("is led to signing in, which is told where to go afterwards (%s)", async (colorScheme) => {
    const page = await shelflife.openPage("/lifecycle?days=7", { colorScheme });
    await page.getByRole("heading", { level: 1 }).waitFor();
    const { pathname, searchParams } = new URL(page.url());
    expect([pathname, searchParams.get("from")]).toEqual(["/sign-in", "/lifecycle?days=7"]);
    await expectAccessible(page);
  });
});
