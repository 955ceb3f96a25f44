import type { KeyScope, Role } from "@shelflife/api-contract";

import { DEMO_PEOPLE, DEMO_RECORDER, type DemoPerson } from "./people.ts";

/** What an operator can do about people and keys; the only thing that the demo does not ask of the public API. */
export interface AccountOffice {
  findPerson(email: string): Promise<{ id: string } | undefined>;
  createPerson(person: { email: string; name: string; role: Role }): Promise<{ id: string }>;
  createKey(key: { userId: string; name: string; scope: KeyScope }): Promise<{ id: string; key: string }>;
  revokeKey(key: { userId: string; keyId: string }): Promise<unknown>;
}

export interface DemoAccount {
  readonly email: string;
  readonly role: Role;
  /** A key made just now, which is shown once. */
  readonly key: string;
}

/** The key that the demo records with, and the way to take it back. */
export interface RecordingKey {
  readonly key: string;
  revoke(): Promise<void>;
}

const KEY_NAME = "demo";

/** Finds or makes the service account, and gives it a key that may only record. */
export async function makeRecordingKey(office: AccountOffice): Promise<RecordingKey> {
  const userId = await findOrCreate(office, DEMO_RECORDER);
  const { id: keyId, key } = await office.createKey({ userId, name: KEY_NAME, scope: "ingest" });
  return {
    key,
    async revoke() {
      await office.revokeKey({ userId, keyId });
    },
  };
}

/** Finds or makes the people of the demo. Somebody of an earlier run stays as they are. */
export async function makePeople(office: AccountOffice): Promise<Map<DemoPerson, string>> {
  const ids = new Map<DemoPerson, string>();
  for (const person of DEMO_PEOPLE) ids.set(person, await findOrCreate(office, person));
  return ids;
}

/** A fresh key for each of them; keys of an earlier run stay in force. */
export async function makeKeys(office: AccountOffice, people: ReadonlyMap<DemoPerson, string>): Promise<DemoAccount[]> {
  const accounts: DemoAccount[] = [];
  for (const [{ email, role }, userId] of people) {
    const { key } = await office.createKey({ userId, name: KEY_NAME, scope: "full" });
    accounts.push({ email, role, key });
  }
  return accounts;
}

async function findOrCreate(office: AccountOffice, person: DemoPerson): Promise<string> {
  const { email, name, role } = person;
  return ((await office.findPerson(email)) ?? (await office.createPerson({ email, name, role }))).id;
}
