import { createHash } from "node:crypto";
import type { getAdapter } from "better-auth/db/adapter";

type Adapter = Awaited<ReturnType<typeof getAdapter>>;

interface Condition {
  readonly field: string;
  readonly value: unknown;
}

/** What the methods of the adapter are given, as far as a token may stand in it. */
interface Request {
  readonly model: string;
  readonly where?: readonly Condition[];
  readonly data?: Record<string, unknown>;
  readonly update?: Record<string, unknown>;
}

/**
 * Lets the database know a session's token by its hash alone, so that whoever reads the database or a backup of it can
 * be nobody there. The library sees the tokens that it asked with.
 */
export function withHashedSessionTokens(library: Adapter): Adapter {
  const hashing = <Method>(method: Method & ((request: never) => Promise<unknown>)): Method => {
    const call = method as (request: Request) => Promise<unknown>;
    const hashed = async (request: Request): Promise<unknown> => {
      if (request.model !== "session") return call(request);
      const tokens = new Map<unknown, unknown>();
      return withTokens(await call(withHashes(request, tokens)), tokens);
    };
    return hashed as Method;
  };
  return {
    ...library,
    create: hashing(library.create),
    findOne: hashing(library.findOne),
    findMany: hashing(library.findMany),
    count: hashing(library.count),
    update: hashing(library.update),
    updateMany: hashing(library.updateMany),
    delete: hashing(library.delete),
    deleteMany: hashing(library.deleteMany),
    consumeOne: hashing(library.consumeOne),
  };
}

/** @param tokens is told which hash stands for which token. */
function withHashes(request: Request, tokens: Map<unknown, unknown>): Request {
  const hash = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(hash);
    if (typeof value !== "string") return value;
    const hashed = createHash("sha256").update(value).digest("base64url");
    tokens.set(hashed, value);
    return hashed;
  };
  const inRow = (row: Record<string, unknown>): Record<string, unknown> =>
    "token" in row ? { ...row, token: hash(row["token"]) } : row;
  const { where, data, update } = request;
  return {
    ...request,
    ...(where && {
      where: where.map((one) => (one.field === "token" ? { ...one, value: hash(one.value) } : one)),
    }),
    ...(data && { data: inRow(data) }),
    ...(update && { update: inRow(update) }),
  };
}

function withTokens(answer: unknown, tokens: ReadonlyMap<unknown, unknown>): unknown {
  if (Array.isArray(answer)) return answer.map((row: unknown) => withTokens(row, tokens));
  if (typeof answer !== "object" || answer === null || !("token" in answer)) return answer;
  return { ...answer, token: tokens.get(answer.token) ?? answer.token };
}
