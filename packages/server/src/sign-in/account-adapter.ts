import type { BetterAuthOptions } from "better-auth";
import { getAdapter } from "better-auth/db/adapter";

import type { Database } from "../store/database.ts";
import type { User } from "../store/users.ts";
import { withHashedSessionTokens } from "./hashed-session-tokens.ts";

type Adapter = Awaited<ReturnType<typeof getAdapter>>;

/** A person as an identity provider describes them, whom nobody knows here yet. */
export interface NewMember {
  readonly email: string;
  readonly name: string;
  readonly emailVerified: boolean;
}

const NAME_CHARACTERS_MAX = 200;

/** What the library is told to keep of an account, and what is not kept: nothing needs a provider's tokens later on. */
const TOKEN_FIELDS = ["accessToken", "refreshToken", "idToken", "accessTokenExpiresAt", "refreshTokenExpiresAt"];

/**
 * The library's own way to the database, with three things changed: people are made by the store, which audits it, the
 * tokens of identity providers are not stored, and those of sessions only as hashes.
 */
export async function accountAdapter(
  options: BetterAuthOptions,
  database: Database,
  admitMember: (member: NewMember) => Promise<User>,
): Promise<Adapter> {
  const library = withHashedSessionTokens(
    await getAdapter({ ...options, database: { db: database, type: "postgres" } }),
  );
  const create = async (input: Parameters<Adapter["create"]>[0]): Promise<Record<string, unknown>> => {
    if (input.model === "user") return asLibraryUser(await admitMember(readMember(input.data)));
    if (input.model !== "account") return library.create(input);
    const kept = Object.entries(input.data).filter(([field]) => !TOKEN_FIELDS.includes(field));
    return library.create({ ...input, data: Object.fromEntries(kept) });
  };
  const adapter: Adapter = {
    ...library,
    create: create as Adapter["create"],
    // The library would go on with the adapter that was changed here.
    transaction: (run) => run(adapter),
  };
  return adapter;
}

function readMember({ email, name, emailVerified }: Record<string, unknown>): NewMember {
  return {
    email: String(email),
    name: typeof name === "string" ? name.slice(0, NAME_CHARACTERS_MAX) : "",
    emailVerified: emailVerified === true,
  };
}

/** A person by the names that the library has for the columns. */
function asLibraryUser({ id, email, name, role, createdAt }: User): Record<string, unknown> {
  return { id, email, name, role, emailVerified: true, image: null, createdAt, updatedAt: createdAt };
}
