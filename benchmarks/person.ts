import type { IngestCaller } from "../packages/server/src/store/ingest-batch.ts";
import type { Production } from "./production.ts";

/** Somebody who records chats, and the key that lets them. */
export interface Person {
  readonly caller: IngestCaller;
  readonly key: string;
}

export async function createPerson({ store }: Production): Promise<Person> {
  const nobody = { userId: null };
  const user = await store.createUser({ email: "person@example.com", role: "member", name: "" }, nobody);
  const { key } = await store.createApiKey({ userId: user.id, name: "benchmark", scope: "full" }, nobody);
  return { caller: { userId: user.id, scope: "full" }, key };
}
