import { hashPassword } from "../../src/sign-in/password-hash.ts";
import type { NewUser, User } from "../../src/store/users.ts";
import type { TestApp, TestRequest } from "../test-app.ts";

export const PASSWORD = "correct horse battery";

/** What a page of the server itself sends along. */
const OWN_PAGE = { "Sec-Fetch-Site": "same-origin" };

/** A browser: it keeps the cookies that it is given, and sends them with every request. */
export class TestBrowser {
  readonly #app: Pick<TestApp, "request">;
  readonly #cookies = new Map<string, string>();

  constructor(app: Pick<TestApp, "request">) {
    this.#app = app;
  }

  /** As `Cookie` holds them. */
  get cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** A request of a page of the server, unless its headers say otherwise. */
  async request(method: string, path: string, { headers, ...request }: TestRequest = {}): Promise<Response> {
    const cookie = this.cookies === "" ? {} : { Cookie: this.cookies };
    const response = await this.#app.request(method, path, {
      ...request,
      headers: { ...OWN_PAGE, ...cookie, ...headers },
    });
    this.keep(response);
    return response;
  }

  /** Takes the cookies of an answer, and forgets those that are taken back. */
  keep(response: Response): void {
    for (const header of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      if (/; Max-Age=0(;|$)/.test(header)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }

  signIn(email: string, password = PASSWORD): Promise<Response> {
    return this.request("POST", "/api/auth/sign-in/email", { json: { email, password } });
  }

  me(headers: Record<string, string> = {}): Promise<Response> {
    return this.request("GET", "/api/experimental/users/me", { headers });
  }
}

/** Every person of the tests has the one password, whose key takes a while to derive. */
let passwordHash: Promise<string> | undefined;

/** A person who can sign in with the password of the tests. */
export async function createPerson(app: Pick<TestApp, "store">, person: Partial<NewUser> = {}): Promise<User> {
  passwordHash ??= hashPassword(PASSWORD);
  return app.store.createUser(
    { email: "person@example.com", role: "member", name: "A Person", passwordHash: await passwordHash, ...person },
    { userId: null },
  );
}
