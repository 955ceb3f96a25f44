import type { Role } from "@shelflife/api-contract";
import { ShelflifeClient } from "@shelflife/sdk";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";

import { createTestDatabase, type TestDatabase } from "../../server/test/postgres/test-database.ts";
import { type CommandProcess, startCommand, urlOf } from "../../server/test/process/server-process.ts";
import { CHROMIUM_LAUNCH } from "../test/browser/chromium.ts";
import { watchForProblems } from "./page-problems.ts";

/** How long the browser waits for what a test expects, in milliseconds: some of it is asked for every 15 seconds. */
const PATIENCE_MS = 60_000;

const SESSION_COOKIE = "coder_session_token";

export interface Account {
  readonly id: string;
  readonly email: string;
  readonly key: string;
}

export interface PageOptions extends Pick<BrowserContextOptions, "viewport" | "colorScheme" | "timezoneId" | "locale"> {
  /** Who is signed in; nobody unless told. */
  readonly as?: Account;
  /** What the browser's console may say without failing the test. */
  readonly expectedProblems?: readonly RegExp[];
}

/** The real server in a process of its own, over a database that only this test file uses, and a browser. */
export interface ServedShelflife {
  readonly url: string;
  /** The one-time link that the console showed at the start. */
  readonly setUpLink: string;
  readonly database: TestDatabase;
  createAccount(role: Role): Promise<Account>;
  /** The API as this person uses it, to put things in place. */
  client(account: Account): ShelflifeClient;
  /** Ends the server, as when its machine is restarted. */
  stop(): Promise<void>;
  /** Starts it again, at the same address and over the same database. */
  startAgain(): Promise<void>;
  /** A page in a browser profile of its own, at this path. It is closed at the end of the test. */
  openPage(path: string, options?: PageOptions): Promise<Page>;
}

/**
 * Serves Shelflife to all tests of the file that calls this, outside of any test. A test fails that leaves an error on
 * the browser's console, such as a violation of the content security policy.
 */
export function serveShelflife(environment: Record<string, string> = {}): ServedShelflife {
  let parts:
    | { url: string; setUpLink: string; database: TestDatabase; browser: Browser; server: CommandProcess }
    | undefined;
  const cleanUp = new AsyncDisposableStack();

  const serve = async (address: string, database: TestDatabase): Promise<CommandProcess> => {
    const server = startCommand(
      ["serve"],
      { SHELFLIFE_HTTP_ADDRESS: address, SHELFLIFE_DATABASE_URL: database.url, ...environment },
      (end) => cleanUp.defer(end),
    );
    await urlOf(server);
    // The purge runs at the start and then not for ten minutes: no test meets it by chance.
    if (environment["SHELFLIFE_PURGE"] !== "off") await server.waitForLog(/"purge iteration done"/);
    return server;
  };

  beforeAll(async () => {
    const database = await createTestDatabase();
    const browser = await chromium.launch(CHROMIUM_LAUNCH);
    cleanUp.defer(() => browser.close());
    const server = await serve("127.0.0.1:0", database);
    const url = await urlOf(server);
    parts = { url, setUpLink: await server.waitFor(/set up +(\S+)/), database, browser, server };
  });
  afterAll(() => cleanUp.disposeAsync());

  const started = () => {
    if (parts === undefined) throw new Error("The server is there from the first test on.");
    return parts;
  };
  let accounts = 0;
  return {
    get url() {
      return started().url;
    },
    get setUpLink() {
      return started().setUpLink;
    },
    get database() {
      return started().database;
    },
    async createAccount(role) {
      accounts += 1;
      const email = `${role}-${accounts}@example.com`;
      const create = startCommand(
        ["users", "create", "--email", email, "--role", role, "--json"],
        { SHELFLIFE_DATABASE_URL: started().database.url },
        (end) => cleanUp.defer(end),
      );
      const { stdout, stderr, status } = await create.finished;
      if (status !== 0) throw new Error(`The account could not be made: ${stderr}`);
      return JSON.parse(stdout) as Account;
    },
    async stop() {
      const { server } = started();
      server.child.kill("SIGTERM");
      await server.finished;
    },
    async startAgain() {
      const { url, database } = started();
      const server = await serve(new URL(url).host, database);
      parts = { ...started(), server };
    },
    client: ({ key }) => new ShelflifeClient({ baseUrl: started().url, key }),
    async openPage(path, { as, expectedProblems = [], ...contextOptions } = {}) {
      const { browser, url } = started();
      const context = await browser.newContext({
        locale: "en-GB",
        timezoneId: "Europe/Berlin",
        reducedMotion: "reduce",
        ...contextOptions,
      });
      onTestFinished(() => context.close());
      context.setDefaultTimeout(PATIENCE_MS);
      if (as !== undefined) {
        await context.addCookies([{ name: SESSION_COOKIE, value: as.key, url, httpOnly: true, sameSite: "Lax" }]);
      }
      const page = await context.newPage();
      const problems = await watchForProblems(page);
      onTestFinished(() => problems.expectNoneBut(expectedProblems));
      await page.goto(`${url}${path}`);
      return page;
    },
  };
}
