import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";

import { describe, expect, it, onTestFinished } from "vitest";

import { createTestApp, readErrorBody, type TestApp } from "../test-app.ts";

const PAGE = `<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__"><script nonce="__CSP_NONCE__"></script>`;
const SCRIPT = "export const answer = 42;";
const HTML = { Accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8" };

/** An application that serves a web interface of these files. */
async function serving(files: Record<string, string | Buffer>): Promise<TestApp> {
  const folder = mkdtempSync(join(tmpdir(), "shelflife-web-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, "dist", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return createTestApp({ webFolder: join(folder, "dist") });
}

function nonceOf(policy: string | null): string | undefined {
  return /style-src 'self' 'nonce-([^']+)'/.exec(policy ?? "")?.[1];
}

describe("the page", () => {
  it.each(["/", "/index.html", "/chats", "/chats/01890a5d-ac96-774b-bcce-b302099a8057", "/apiary", "/no.such"])(
    "answers %s where HTML is accepted",
    async (path) => {
      const app = await serving({ "index.html": PAGE });
      const response = await app.request("GET", path, { headers: HTML });
      expect(response.status).toBe(200);
      expect(response.headers.get("Content-Type")).toMatch(/^text\/html/);
      expect(response.headers.get("Cache-Control")).toBe("no-cache");
      expect(await response.text()).toMatch(/<script nonce="[^_"]+">/);
    },
  );

  it.each([{ Accept: "*/*" }, {}])("answers the server's own address whatever is accepted", async (headers) => {
    const app = await serving({ "index.html": PAGE });
    const response = await app.request("GET", "/", { headers });
    expect([response.status, response.headers.get("Content-Type")]).toEqual([200, "text/html; charset=UTF-8"]);
    expect(nonceOf(response.headers.get("Content-Security-Policy"))).toBeDefined();
  });

  it("carries a policy that allows nothing but this server, and a nonce of its own each time", async () => {
    const app = await serving({ "index.html": PAGE });
    const nonces = await Promise.all(
      [1, 2].map(async () => {
        const response = await app.request("GET", "/chats", { headers: HTML });
        const policy = response.headers.get("Content-Security-Policy");
        const nonce = nonceOf(policy) ?? "none";
        expect(policy).toBe(
          `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; connect-src 'self'; ` +
            "img-src 'self' data: blob:; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
        );
        expect(response.headers.get("X-Frame-Options")).toBe("DENY");
        expect(await response.text()).toBe(PAGE.replaceAll("__CSP_NONCE__", nonce));
        return nonce;
      }),
    );
    expect(new Set(nonces).size).toBe(2);
  });

  it("answers a HEAD without a body", async () => {
    const app = await serving({ "index.html": PAGE });
    const response = await app.request("HEAD", "/chats", { headers: HTML });
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it("says how to build the interface where it was not built", async () => {
    const app = await serving({});
    const response = await app.request("GET", "/", { headers: HTML });
    expect(response.status).toBe(503);
    expect(await response.text()).toContain("npm run build:web");
  });
});

describe("the files", () => {
  it("are kept for ever where their name holds a hash", async () => {
    const app = await serving({ "index.html": PAGE, "assets/start-abc.js": SCRIPT });
    const response = await app.request("GET", "/assets/start-abc.js");
    expect(await response.text()).toBe(SCRIPT);
    expect(response.headers.get("Content-Type")).toMatch(/^text\/javascript/);
    expect(response.headers.get("Cache-Control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("Content-Security-Policy")).toBe("default-src 'none'; frame-ancestors 'none'");
  });

  it("are asked for again where their name stays, and are not sent again unchanged", async () => {
    const app = await serving({ "index.html": PAGE, "favicon.svg": "<svg/>" });
    const first = await app.request("GET", "/favicon.svg");
    const etag = first.headers.get("ETag") ?? "";
    expect([first.status, first.headers.get("Cache-Control")]).toEqual([200, "no-cache"]);
    expect(etag).toMatch(/^"\w+"$/);
    const second = await app.request("GET", "/favicon.svg", { headers: { "If-None-Match": etag } });
    expect([second.status, await second.text()]).toEqual([304, ""]);
    const changed = await app.request("GET", "/favicon.svg", { headers: { "If-None-Match": '"another"' } });
    expect([changed.status, await changed.text()]).toEqual([200, "<svg/>"]);
  });

  it("are sent as they were compressed to whoever takes that", async () => {
    const app = await serving({ "assets/a-1.js": SCRIPT, "assets/a-1.js.br": brotliCompressSync(SCRIPT) });
    const compressed = await app.request("GET", "/assets/a-1.js", { headers: { "Accept-Encoding": "gzip, br" } });
    expect(compressed.headers.get("Content-Encoding")).toBe("br");
    expect(compressed.headers.get("Vary")).toBe("Accept-Encoding");
    expect(brotliDecompressSync(await compressed.bytes()).toString()).toBe(SCRIPT);
    const plain = await app.request("GET", "/assets/a-1.js", { headers: { "Accept-Encoding": "gzip" } });
    expect([plain.headers.get("Content-Encoding"), await plain.text()]).toEqual([null, SCRIPT]);
  });

  it.each(["/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "//etc/passwd"])(
    "never come from outside of the folder: %s",
    async (path) => {
      const app = await serving({ "index.html": PAGE, "../secret.txt": "hunter2" });
      expect(await (await app.request("GET", path)).text()).not.toMatch(/hunter2|root:/);
    },
  );
});

describe("what is no page", () => {
  it.each([
    ["GET", "/api/no-such-route", 401],
    ["GET", "/v1/no-such-route", 404],
    ["GET", "/assets/gone-abc.js", 404],
    ["POST", "/chats", 404],
  ])("%s %s keeps the API's answer", async (method, path, status) => {
    const app = await serving({ "index.html": PAGE });
    const response = await app.request(method, path, { headers: HTML });
    expect(response.status).toBe(status);
    expect(await readErrorBody(response)).toMatchObject({ code: status === 401 ? "unauthenticated" : "not_found" });
    expect(response.headers.get("Content-Security-Policy")).toBe("default-src 'none'; frame-ancestors 'none'");
  });

  it("is what a program asks for that does not want HTML", async () => {
    const app = await serving({ "index.html": PAGE });
    const response = await app.request("GET", "/chats", { headers: { Accept: "*/*" } });
    expect(response.status).toBe(404);
    expect(await readErrorBody(response)).toMatchObject({ code: "not_found" });
  });

  it("is an operational route, whatever is accepted", async () => {
    const app = await serving({ "index.html": PAGE });
    expect(await (await app.request("GET", "/healthz", { headers: HTML })).json()).toEqual({ status: "ok" });
  });
});
