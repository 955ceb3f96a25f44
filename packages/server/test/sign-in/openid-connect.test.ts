import { createServer } from "node:http";
import { once } from "node:events";
import { connect, createServer as createTcpServer, type AddressInfo } from "node:net";

import { Events } from "oauth2-mock-server";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";

import type { OpenIdConnect } from "../../src/sign-in/openid-connect.ts";
import { createTestApp, readErrorBody, type TestApp } from "../test-app.ts";
import { createPerson, PASSWORD, TestBrowser } from "./test-browser.ts";
import { comeBack, everythingStored, signInByProvider, TestIssuer } from "./test-issuer.ts";

const PUBLIC_URL = "https://shelflife.example.com";

let issuer: TestIssuer;
let app: TestApp;
let browser: TestBrowser;

async function useProvider(changes: Partial<OpenIdConnect> = {}): Promise<void> {
  app = await createTestApp({ signIn: { publicUrl: PUBLIC_URL, provider: issuer.provider(changes) } });
  browser = new TestBrowser(app);
}

beforeEach(async () => {
  issuer = await TestIssuer.start();
  await useProvider();
});

async function people(): Promise<unknown[]> {
  const { rows } = await app.pool.query<object>("SELECT email, name, role, email_verified FROM users ORDER BY email");
  return rows;
}

describe("signing in by OpenID Connect", () => {
  test("makes whoever signs in for the first time a member, and sends them where they wanted to go", async () => {
    const { location } = await signInByProvider(browser, { callbackURL: "/chats?open=1" });
    expect(location).toBe("/chats?open=1");
    expect(await (await browser.me()).json()).toMatchObject({ email: "new@example.com", role: "member" });
    expect(await people()).toEqual([
      { email: "new@example.com", name: "New Member", role: "member", email_verified: true },
    ]);
  });

  test("is audited where it makes an account", async () => {
    await signInByProvider(browser);
    const { rows } = await app.pool.query(
      "SELECT user_id, resource_type, resource_target, action, diff, additional_fields FROM audit_logs",
    );
    expect(rows).toEqual([
      {
        user_id: null,
        resource_type: "user",
        resource_target: "new@example.com",
        action: "create",
        diff: { role: { old: null, new: "member" } },
        additional_fields: { subsystem: "openid_connect" },
      },
    ]);
  });

  test("knows somebody again by their subject, also under another address", async () => {
    await signInByProvider(browser);
    issuer.claims = { ...issuer.claims, email: "married@example.com" };
    const again = new TestBrowser(app);
    await signInByProvider(again);
    expect(await (await again.me()).json()).toMatchObject({ email: "new@example.com" });
    expect(await people()).toHaveLength(1);
  });

  test("finds the account that an administrator made, by the address, and leaves its role and password", async () => {
    await createPerson(app, { email: "new@example.com", role: "auditor", name: "As Made" });
    await signInByProvider(browser);
    expect(await (await browser.me()).json()).toMatchObject({ name: "As Made", role: "auditor" });
    expect((await new TestBrowser(app).signIn("new@example.com", PASSWORD)).status).toBe(200);
    expect(await people()).toHaveLength(1);
  });

  test("takes no role from what the provider says", async () => {
    issuer.claims = { ...issuer.claims, role: "owner", id: "another" };
    await signInByProvider(browser);
    expect(await (await browser.me()).json()).toMatchObject({ role: "member" });
  });

  test("keeps none of the provider's tokens, and logs no secret of the way", async () => {
    const { callback } = await signInByProvider(browser);
    const stored = await everythingStored(app);
    expect(stored).toContain("subject-1");
    expect(stored).not.toContain("eyJ");
    const logged = JSON.stringify(app.logged);
    for (const secret of ["eyJ", "the secret of the client", callback.searchParams.get("code") ?? "no code"]) {
      expect(logged).not.toContain(secret);
    }
    expect((await app.pool.query("SELECT FROM verifications")).rowCount).toBe(0);
  });

  test("asks with PKCE, a nonce and the scopes, and proves the client by its secret", async () => {
    await signInByProvider(browser);
    const asked = Object.fromEntries(issuer.authorized[0]?.searchParams ?? []);
    expect(asked).toMatchObject({
      client_id: "shelflife",
      redirect_uri: `${PUBLIC_URL}/api/auth/callback/oidc`,
      code_challenge_method: "S256",
      scope: "openid email profile",
    });
    for (const name of ["code_challenge", "nonce", "state"]) expect(asked[name]?.length).toBeGreaterThan(20);
    expect(issuer.exchanged[0]).toMatchObject({ client_secret: "the secret of the client" });
    expect(issuer.exchanged[0]).toHaveProperty("code_verifier");
  });

  test("sets a cookie for its way that another site's page cannot send", async () => {
    const begun = await browser.request("POST", "/api/auth/sign-in/oauth2", { json: {} });
    expect(begun.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Secure-shelflife\.state=[^;]+; Max-Age=300; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    ]);
  });
});

describe("somebody whom the provider does not vouch for", () => {
  /** With which code they end up on the page that was named for failures, and nobody is signed in. */
  const refusal = async (): Promise<string | null> => {
    const { location } = await signInByProvider(browser, { errorCallbackURL: "/sign-in?again=1" });
    expect((await browser.me()).status).toBe(401);
    const { pathname, searchParams } = new URL(location ?? "", PUBLIC_URL);
    expect([pathname, searchParams.get("again")]).toEqual(["/sign-in", "1"]);
    return searchParams.get("error");
  };

  test.each([
    ["says nothing of the address", { email_verified: undefined }],
    ["says that the address is not verified", { email_verified: false }],
    ["says it with a text", { email_verified: "false" }],
    ["says otherwise with a claim of its own", { email_verified: false, emailVerified: true }],
  ])("gets no account where it %s", async (_name, claims) => {
    issuer.claims = { ...issuer.claims, ...claims };
    expect(await refusal()).toBe("email_not_verified");
    expect(await people()).toEqual([]);
  });

  test("does not get another's account by claiming the address", async () => {
    await createPerson(app, { email: "new@example.com", role: "owner" });
    issuer.claims = { ...issuer.claims, email_verified: false };
    expect(await refusal()).toBe("account_not_linked");
    expect((await app.pool.query("SELECT FROM accounts WHERE provider_id = 'oidc'")).rowCount).toBe(0);
  });

  test("gets no account without an address", async () => {
    issuer.claims = { sub: "subject-1", email_verified: true };
    issuer.server.service.on(Events.BeforeUserinfo, (answer) => {
      answer.body = { sub: "subject-1" };
    });
    expect(await refusal()).toBe("email_not_found");
  });

  test("is refused at every sign-in, also once they have an account", async () => {
    await signInByProvider(browser);
    await browser.request("POST", "/api/auth/sign-out");
    issuer.claims = { ...issuer.claims, email_verified: false };
    expect(await refusal()).toBe("email_not_verified");
  });
});

describe("a deployment that lets in only some", () => {
  const errorOf = async (): Promise<string | null> => {
    const { location } = await signInByProvider(new TestBrowser(app));
    return new URL(location ?? "", PUBLIC_URL).searchParams.get("error");
  };

  test("refuses an address of another domain, and takes those of its own", async () => {
    await useProvider({ emailDomains: ["example.com", "example.org"] });
    for (const email of ["a@example.net", "a@sub.example.com", "a@example.com.attacker.example"]) {
      issuer.claims = { sub: email, email, email_verified: true };
      expect(await errorOf()).toBe("email_domain_not_allowed");
    }
    expect(await people()).toEqual([]);
    issuer.claims = { sub: "b", email: "B@Example.ORG", email_verified: true };
    expect(await errorOf()).toBeNull();
    expect(await people()).toMatchObject([{ email: "b@example.org", name: "" }]);
  });

  test("refuses whoever has no account where it takes no sign-ups, and knows those who have", async () => {
    await useProvider({ signUps: false });
    expect(await errorOf()).toBe("signup_disabled");
    expect(await people()).toEqual([]);
    await createPerson(app, { email: "new@example.com" });
    expect(await errorOf()).toBeNull();
  });
});

describe("a browser that comes back", () => {
  async function begin(): Promise<URL> {
    const begun = await browser.request("POST", "/api/auth/sign-in/oauth2", { json: {} });
    const { url } = (await begun.json()) as { url: string };
    const authorized = await fetch(url, { redirect: "manual" });
    return new URL(authorized.headers.get("Location") ?? "");
  }

  async function errorAfter(callback: URL, from = browser): Promise<string | null> {
    const response = await comeBack(from, callback);
    expect(response.status).toBe(302);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    return new URL(response.headers.get("Location") ?? "", PUBLIC_URL).searchParams.get("error");
  }

  test("is sent to the page for signing in where it did not set out from here", async () => {
    const callback = await begin();
    // Another browser: whoever was made to follow somebody else's way back must not end up signed in as them.
    expect(await errorAfter(callback, new TestBrowser(app))).toBe("state_mismatch");
    expect(await people()).toEqual([]);
  });

  test("is sent there where the provider refused, or where it brings nothing at all", async () => {
    const callback = await begin();
    callback.searchParams.delete("code");
    callback.searchParams.set("error", "access_denied");
    expect(await errorAfter(callback)).toBe("access_denied");
    expect(await errorAfter(new URL("/api/auth/callback/oidc", PUBLIC_URL))).toBe("state_not_found");
  });

  test("can come back once", async () => {
    const callback = await begin();
    const cookies = browser.cookies;
    expect(await errorAfter(callback)).toBeNull();
    const replayed = new TestBrowser({
      request: (method, path, { headers, ...rest } = {}) =>
        app.request(method, path, { ...rest, headers: { ...headers, Cookie: cookies } }),
    });
    expect(await errorAfter(callback, replayed)).toBe("state_mismatch");
  });

  test.each<[string, (payload: Record<string, unknown>) => void]>([
    ["of another client", (payload) => (payload["aud"] = "another")],
    ["of another issuer", (payload) => (payload["iss"] = "https://attacker.example")],
    ["of another sign-in", (payload) => (payload["nonce"] = "another")],
    ["that has expired", (payload) => (payload["exp"] = 1)],
  ])("is refused with an ID token %s", async (_name, spoil) => {
    const callback = await begin();
    issuer.server.service.on(Events.BeforeTokenSigning, (token) => spoil(token.payload));
    expect(await errorAfter(callback)).toBe("unable_to_get_user_info");
    expect(await people()).toEqual([]);
  });

  test("is refused with an ID token that the provider did not sign", async () => {
    const callback = await begin();
    issuer.server.service.on(Events.BeforeResponse, ({ body }) => {
      const token = body as { id_token: string };
      token.id_token = token.id_token.replace(/\.[^.]+$/, `.${"A".repeat(342)}`);
    });
    expect(await errorAfter(callback)).toBe("unable_to_get_user_info");
  });

  test("is refused where the provider does not give tokens for its code", async () => {
    const callback = await begin();
    issuer.server.service.on(Events.BeforeResponse, (response) => {
      response.statusCode = 400;
      response.body = { error: "invalid_grant" };
    });
    expect(await errorAfter(callback)).toBe("invalid_code");
  });
});

describe("beginning to sign in by OpenID Connect", () => {
  test.each([
    ["another site", "https://attacker.example/"],
    ["another host", "//attacker.example/"],
    ["another host, for browsers that read a backslash as a slash", "/\\attacker.example/"],
    ["no path", "chats"],
    ["a script", "javascript:alert(1)"],
  ])("cannot come back to %s", async (_name, callbackURL) => {
    for (const json of [{ callbackURL }, { errorCallbackURL: callbackURL }]) {
      expect((await browser.request("POST", "/api/auth/sign-in/oauth2", { json })).status).toBe(400);
    }
  });

  test.each([{ scopes: ["admin"] }, { idToken: { token: "x" } }, { additionalParams: { prompt: "none" } }])(
    "takes nothing else that the library would: %j",
    async (json) => {
      expect((await browser.request("POST", "/api/auth/sign-in/oauth2", { json })).status).toBe(400);
    },
  );

  test("is refused where a page of another site asks for it", async () => {
    const headers = { "Sec-Fetch-Site": "cross-site" };
    expect((await browser.request("POST", "/api/auth/sign-in/oauth2", { headers, json: {} })).status).toBe(403);
  });

  test("is limited to thirty attempts a minute", async () => {
    for (let count = 0; count < 30; count += 1) {
      expect((await browser.request("POST", "/api/auth/sign-in/oauth2", { json: {} })).status).toBe(200);
    }
    expect((await browser.request("POST", "/api/auth/sign-in/oauth2", { json: {} })).status).toBe(429);
  });
});

test("the page for signing in learns of the provider, and of none where there is none", async () => {
  const methods = async (of: TestApp): Promise<unknown> => (await of.request("GET", "/api/auth/methods")).json();
  expect(await methods(app)).toEqual({ password: true, openid_connect: { provider_id: "oidc", name: "Example" } });
  expect(await methods(await createTestApp())).toEqual({ password: true, openid_connect: null });
});

/**
 * Puts a door before the provider, at whose address it is found from then on. As long as it is shut, whoever comes is
 * hung up on; a provider that stopped might find its port taken when it comes back.
 */
async function hangDoor({ server }: TestIssuer): Promise<{ isOpen: boolean }> {
  const { port } = server.address();
  const door = { isOpen: false };
  const listener = createTcpServer((socket) => {
    if (!door.isOpen) {
      socket.destroy();
      return;
    }
    const behind = connect(port, "127.0.0.1").on("error", () => socket.destroy());
    socket.on("error", () => behind.destroy()).on("close", () => behind.destroy());
    socket.pipe(behind).pipe(socket);
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  onTestFinished(() => void listener.close());
  server.issuer.url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return door;
}

describe("a provider that is out of reach", () => {
  test("is 503, keeps nobody with a password out, and serves as soon as it is back", async () => {
    const door = await hangDoor(issuer);
    await useProvider();
    await createPerson(app);
    const refused = await browser.request("POST", "/api/auth/sign-in/oauth2", { json: {} });
    expect(refused.status).toBe(503);
    expect(await readErrorBody(refused)).toMatchObject({ code: "unavailable" });
    expect((await browser.signIn("person@example.com")).status).toBe(200);
    door.isOpen = true;
    const { location } = await signInByProvider(new TestBrowser(app));
    expect(location).toBe("/");
  });

  test("hangs no request for longer than a quarter of a minute", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    onTestFinished(() => {
      silent.close().closeAllConnections();
    });
    const { port } = silent.address() as AddressInfo;
    await useProvider({ issuer: `http://127.0.0.1:${port}` });
    await createPerson(app);
    const asked = browser.request("POST", "/api/auth/sign-in/oauth2", { json: {} });
    await app.clock.waitForSleepers();
    expect((await new TestBrowser(app).signIn("person@example.com")).status).toBe(200);
    await app.clock.advance(15_000);
    expect((await asked).status).toBe(503);
    const back = comeBack(browser, new URL("/api/auth/callback/oidc?code=x&state=y", PUBLIC_URL));
    await app.clock.waitForSleepers();
    await app.clock.advance(15_000);
    expect((await back).headers.get("Location")).toBe("/sign-in?error=provider_unavailable");
  });
});
