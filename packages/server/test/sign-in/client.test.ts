import { ShelflifeClient } from "@shelflife/sdk";
import { expect, test } from "vitest";

import { issueSetUpLink } from "../../src/sign-in/set-up-link.ts";
import { createTestApp, type TestApp } from "../test-app.ts";
import { createPerson, PASSWORD, TestBrowser } from "./test-browser.ts";
import { TestIssuer } from "./test-issuer.ts";

/** The client as a page of the server uses it: without a key, in a browser that keeps the cookies. */
function clientOfPage(app: TestApp): ShelflifeClient {
  const browser = new TestBrowser(app);
  return new ShelflifeClient({
    baseUrl: "http://shelflife.test",
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const body = request.body === null ? {} : { body: await request.text() };
      return browser.request(request.method, pathname + search, body);
    },
  });
}

test("the client sets a deployment up, signs out, and signs in again with another password", async () => {
  const app = await createTestApp();
  const { signIn, people } = clientOfPage(app);
  const link = await issueSetUpLink(app.store, app.clock, "http://shelflife.test");
  const token = new URL(link?.url ?? "").hash.replace("#token=", "");
  expect(await signIn.setUpState()).toEqual({ needed: true });
  const person = await signIn.setUp({ token, email: "a@example.com", password: PASSWORD, debug_logging: "everyone" });
  expect(await people.me()).toMatchObject({ ...person, role: "owner" });
  expect(await signIn.setUpState()).toEqual({ needed: false });

  const newPassword = "another battery staple";
  await signIn.changePassword({ currentPassword: PASSWORD, newPassword });
  expect(await signIn.session()).toMatchObject({ user: person });
  await signIn.out();
  expect(await signIn.session()).toBeNull();
  const wrong = signIn.withPassword({ email: "a@example.com", password: PASSWORD });
  await expect(wrong).rejects.toMatchObject({ status: 401, code: "unauthenticated" });
  expect(await signIn.withPassword({ email: "a@example.com", password: newPassword })).toEqual(person);
});

test("the client learns how one signs in, and where to send the browser", async () => {
  const issuer = await TestIssuer.start();
  const app = await createTestApp({ signIn: { provider: issuer.provider() } });
  const { signIn } = clientOfPage(app);
  expect((await signIn.methods()).openid_connect).toEqual({ provider_id: "oidc", name: "Example" });
  const url = new URL(await signIn.withOpenIdConnect({ callbackURL: "/chats" }));
  expect(url.origin).toBe(issuer.provider().issuer);
  expect(url.searchParams.get("response_type")).toBe("code");
});

test("the client says when to try again where there were too many attempts", async () => {
  const app = await createTestApp();
  await createPerson(app);
  const { signIn } = clientOfPage(app);
  const attempt = (): Promise<unknown> =>
    signIn.withPassword({ email: "person@example.com", password: "wrong" }).catch((error: unknown) => error);
  for (let count = 0; count < 20; count += 1) await attempt();
  expect(await attempt()).toMatchObject({ status: 429, code: "rate_limited", retryAfterMs: 60_000 });
});
