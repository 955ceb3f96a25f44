import {
  type OpenIdConnectSignIn,
  type PasswordChange,
  type PasswordSignIn,
  type Person,
  type Session,
  type SetUp,
  type SetUpState,
  type SignInMethods,
  openIdConnectRedirectSchema,
  personSchema,
  sessionSchema,
  setUpStateSchema,
  signedInSchema,
  signInMethodsSchema,
} from "@shelflife/api-contract";

import type { RequestOptions, Transport } from "./transport.ts";

const AUTH = "api/auth";
const SET_UP = "api/experimental/set-up";

/** Signing in and out, for pages of the server itself: what they get is a cookie, which no script can read. */
export class SignInClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** How one can sign in here. */
  methods(options?: RequestOptions): Promise<SignInMethods> {
    return this.#transport.answer(`${AUTH}/methods`, signInMethodsSchema, { ...options });
  }

  /** Signs in. A wrong address or password is `unauthenticated`; too many attempts are `rate_limited`. */
  async withPassword(credentials: PasswordSignIn, options?: RequestOptions): Promise<Person> {
    const call = { ...options, method: "POST" as const, body: credentials };
    return (await this.#transport.answer(`${AUTH}/sign-in/email`, signedInSchema, call)).user;
  }

  /** Begins to sign in by OpenID Connect, and answers where the browser has to go. */
  async withOpenIdConnect(paths: OpenIdConnectSignIn = {}, options?: RequestOptions): Promise<string> {
    const call = { ...options, method: "POST" as const, body: paths };
    return (await this.#transport.answer(`${AUTH}/sign-in/oauth2`, openIdConnectRedirectSchema, call)).url;
  }

  /** The session of this browser; null where it has none. */
  session(options?: RequestOptions): Promise<Session> {
    return this.#transport.answer(`${AUTH}/get-session`, sessionSchema, { ...options });
  }

  /** Ends the session of this browser. */
  async out(options?: RequestOptions): Promise<void> {
    await this.#transport.call(`${AUTH}/sign-out`, { ...options, method: "POST", body: {} });
  }

  /** Changes one's own password, and ends one's other sessions. A wrong current one is `validation_failed`. */
  async changePassword(change: PasswordChange, options?: RequestOptions): Promise<void> {
    await this.#transport.call(`${AUTH}/change-password`, { ...options, method: "POST", body: change });
  }

  /** Whether nobody has an account yet. */
  setUpState(options?: RequestOptions): Promise<SetUpState> {
    return this.#transport.answer(SET_UP, setUpStateSchema, { ...options });
  }

  /** Makes the first administrator and signs them in. A token that is not in force is `forbidden`; a second time is `conflict`. */
  setUp(setUp: SetUp, options?: RequestOptions): Promise<Person> {
    return this.#transport.answer(SET_UP, personSchema, { ...options, method: "POST", body: setUp });
  }
}
