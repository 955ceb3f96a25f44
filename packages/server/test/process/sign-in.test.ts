import { expect, it } from "vitest";

import { createTestDatabase } from "../postgres/test-database.ts";
import { createPerson, TestBrowser } from "../sign-in/test-browser.ts";
import { signInByProvider, TestIssuer } from "../sign-in/test-issuer.ts";
import type { TestRequest } from "../test-app.ts";
import { until } from "../until.ts";
import { systemClock } from "../../src/clock.ts";
import { openDatabase } from "../../src/store/database.ts";
import { createStore } from "../../src/store/store.ts";
import { startCommand, urlOf } from "./server-process.ts";

const ANY_PORT = { SHELFLIFE_HTTP_ADDRESS: "127.0.0.1:0" };

/** A browser of a server that is really there. */
function browserOf(base: string): TestBrowser {
  return new TestBrowser({
    request: (method, path, { json, headers = {} }: TestRequest = {}) =>
      fetch(base + path, {
        method,
        headers,
        redirect: "manual",
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      }),
  });
}

it("serve lets people in by the OpenID Connect provider that its environment names", async () => {
  const issuer = await TestIssuer.start();
  const { url } = await createTestDatabase();
  const { clientId, clientSecret, issuer: address } = issuer.provider();
  const server = startCommand(["serve"], {
    ...ANY_PORT,
    SHELFLIFE_DATABASE_URL: url,
    SHELFLIFE_PURGE: "off",
    SHELFLIFE_OIDC_ISSUER: address,
    SHELFLIFE_OIDC_CLIENT_ID: clientId,
    SHELFLIFE_OIDC_CLIENT_SECRET: clientSecret,
    SHELFLIFE_OIDC_NAME: "The Example Company",
    SHELFLIFE_OIDC_EMAIL_DOMAINS: "example.com",
  });
  const base = await urlOf(server);
  const browser = browserOf(base);
  expect(await (await browser.request("GET", "/api/auth/methods")).json()).toMatchObject({
    openid_connect: { name: "The Example Company" },
  });

  const { callback, location } = await signInByProvider(browser, { callbackURL: "/chats" });
  expect(callback.origin).toBe(base);
  expect(location).toBe("/chats");
  expect(await (await browser.me()).json()).toMatchObject({ email: "new@example.com", role: "member" });

  issuer.claims = { sub: "subject-2", email: "other@example.org", email_verified: true };
  const other = await signInByProvider(browserOf(base));
  expect(other.location).toContain("error=email_domain_not_allowed");

  server.child.kill("SIGTERM");
  const { status, stdout, stderr } = await server.finished;
  expect(status).toBe(0);
  expect(stdout + stderr).not.toContain(clientSecret);
});

it("serve deletes sessions that have expired, also where the purge is off", async () => {
  const { url, pool } = await createTestDatabase();
  const database = openDatabase(pool);
  const store = createStore({ database, directDatabase: database, clock: systemClock });
  const { id } = await createPerson({ store });
  await pool.query(
    "INSERT INTO sessions (user_id, token, expires_at) VALUES ($1, 'past', now()), ($1, 'present', now() + interval '1 hour')",
    [id],
  );
  await urlOf(startCommand(["serve"], { ...ANY_PORT, SHELFLIFE_DATABASE_URL: url, SHELFLIFE_PURGE: "off" }));
  const tokens = async (): Promise<string[]> =>
    (await pool.query<{ token: string }>("SELECT token FROM sessions")).rows.map(({ token }) => token);
  await until("one session is left", async () => (await tokens()).length === 1);
  expect(await tokens()).toEqual(["present"]);
});
