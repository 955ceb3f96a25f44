import { describe, expect, it } from "vitest";

import { createTestDatabase } from "../postgres/test-database.ts";
import { PASSWORD } from "../sign-in/test-browser.ts";
import { runCommand, startCommand, urlOf, type CommandProcess } from "./server-process.ts";

const ANY_PORT = { SHELFLIFE_HTTP_ADDRESS: "127.0.0.1:0" };
const PERSON = { email: "first@example.com", password: PASSWORD, debug_logging: "opt_in" };

async function postJson(url: string, json: unknown): Promise<Response> {
  return fetch(url, { method: "POST", body: JSON.stringify(json), headers: { Origin: new URL(url).origin } });
}

/** The link that a server prints, taken apart. */
async function printedLink(server: CommandProcess): Promise<{ page: string; token: string }> {
  const link = new URL(await server.waitFor(/set up +(\S+)/));
  return { page: `${link.origin}${link.pathname}`, token: link.hash.replace("#token=", "") };
}

describe("a server that nobody has an account of", () => {
  it("prints a link that makes one administrator, once", async () => {
    const { url } = await createTestDatabase();
    const environment = { ...ANY_PORT, SHELFLIFE_DATABASE_URL: url, SHELFLIFE_LOG_LEVEL: "debug" };
    const server = startCommand(["serve"], environment);
    const base = await urlOf(server);
    const { page, token } = await printedLink(server);
    expect(page).toBe(`${base}/set-up`);

    const path = `${base}/api/experimental/set-up`;
    expect(await (await fetch(path)).json()).toEqual({ needed: true });
    const made = await postJson(path, { ...PERSON, token });
    expect(made.status).toBe(201);
    expect((await postJson(path, { ...PERSON, token, email: "second@example.com" })).status).toBe(409);

    const [cookie = ""] = made.headers.getSetCookie().map((header) => header.split(";")[0]);
    const me = await fetch(`${base}/api/experimental/users/me`, { headers: { Cookie: cookie } });
    expect(await me.json()).toMatchObject({ email: "first@example.com", role: "owner" });
    expect((await postJson(`${base}/api/auth/sign-in/email`, { email: PERSON.email, password: PASSWORD })).status).toBe(
      200,
    );

    server.child.kill("SIGTERM");
    const { status, stderr } = await server.finished;
    expect(status).toBe(0);
    expect(stderr).toContain("/api/experimental/set-up");
    for (const secret of [token, PASSWORD, decodeURIComponent(cookie).split("=")[1] ?? "", cookie]) {
      expect(secret).not.toBe("");
      expect(stderr).not.toContain(secret);
    }

    const next = startCommand(["serve"], environment);
    await urlOf(next);
    await next.waitFor(/purge +/);
    next.child.kill("SIGTERM");
    expect((await next.finished).stdout).not.toContain("set up");
  });

  it("takes its link back when it stops, and prints the address that browsers know", async () => {
    const { url, pool } = await createTestDatabase();
    const server = startCommand(["serve"], {
      ...ANY_PORT,
      SHELFLIFE_DATABASE_URL: url,
      SHELFLIFE_PUBLIC_URL: "https://shelflife.example.com",
    });
    expect((await printedLink(server)).page).toBe("https://shelflife.example.com/set-up");
    expect((await pool.query("SELECT FROM set_up_tokens")).rowCount).toBe(1);
    server.child.kill("SIGTERM");
    expect((await server.finished).status).toBe(0);
    expect((await pool.query("SELECT FROM set_up_tokens")).rowCount).toBe(0);
  });
});

describe("replicas", () => {
  it("share the secret that the first start made, and so their sessions", async () => {
    const { url, pool } = await createTestDatabase();
    const environment = { ...ANY_PORT, SHELFLIFE_DATABASE_URL: url, SHELFLIFE_PURGE: "off" };
    const servers = [startCommand(["serve"], environment), startCommand(["serve"], environment)];
    const [one = "", two = ""] = await Promise.all(servers.map(urlOf));
    const [server] = servers;
    if (server === undefined) throw new Error("No server was started.");
    const { token } = await printedLink(server);
    const made = await postJson(`${one}/api/experimental/set-up`, { ...PERSON, token });
    const Cookie = made.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    expect((await fetch(`${two}/api/experimental/users/me`, { headers: { Cookie } })).status).toBe(200);
    expect((await pool.query("SELECT FROM deployment_secrets")).rowCount).toBe(1);
  });
});

describe("a password on the command line", () => {
  it("is read from standard input, and signs in", async () => {
    const { url, pool } = await createTestDatabase();
    const environment = { SHELFLIFE_DATABASE_URL: url };
    const create = ["users", "create", "--email", PERSON.email, "--role", "owner", "--password-stdin", "--json"];
    const created = await runCommand(create, environment, `${PASSWORD}\n`);
    expect(created.status).toBe(0);
    const person = JSON.parse(created.stdout) as Record<string, string>;
    expect(Object.keys(person)).toEqual(["id", "email", "role", "key"]);

    const server = startCommand(["serve"], { ...ANY_PORT, ...environment });
    const base = await urlOf(server);
    const signIn = async (password: string): Promise<number> =>
      (await postJson(`${base}/api/auth/sign-in/email`, { email: PERSON.email, password })).status;
    expect(await signIn(PASSWORD)).toBe(200);

    const set = ["users", "set-password", "--email", PERSON.email, "--password-stdin", "--json"];
    const changed = await runCommand(set, environment, "another battery staple\r\n");
    expect(changed).toMatchObject({ status: 0, stdout: `{"id":"${person["id"]}","email":"${PERSON.email}"}\n` });
    expect([await signIn(PASSWORD), await signIn("another battery staple")]).toEqual([401, 200]);
    const { rows } = await pool.query<{ text: string }>("SELECT string_agg(a::text, '') AS text FROM audit_logs a");
    expect(rows[0]?.text).toContain("password_set_at");
    expect(rows[0]?.text).not.toContain("battery");
  });

  it.each([
    ["too short", "short\n"],
    ["of two lines", "correct horse\nbattery staple\n"],
    ["missing", ""],
    ["beyond all measure", "x".repeat(100_000)],
  ])("is refused where it is %s, with one line that does not repeat it", async (_name, input) => {
    const { url, pool } = await createTestDatabase();
    const create = ["users", "create", "--email", PERSON.email, "--password-stdin"];
    const { status, stdout, stderr } = await runCommand(create, { SHELFLIFE_DATABASE_URL: url }, input);
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: "",
      stderr: "shelflife: --password-stdin: a password is one line of 12 to 128 characters.\n",
    });
    expect((await pool.query("SELECT FROM users")).rowCount).toBe(0);
  });

  it("is set for somebody whom there is", async () => {
    const { url } = await createTestDatabase();
    const set = ["users", "set-password", "--email", PERSON.email, "--password-stdin"];
    expect(await runCommand(set, { SHELFLIFE_DATABASE_URL: url }, PASSWORD)).toEqual({
      status: 1,
      stdout: "",
      stderr: `shelflife: There is no person with the e-mail address ${PERSON.email}.\n`,
    });
  });
});
