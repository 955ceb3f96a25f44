import { randomBytes } from "node:crypto";

import type { KeyScope, Role } from "@shelflife/api-contract";

import { DEMO_PEOPLE, DEMO_RECORDER, type DemoPerson } from "./people.ts";

/** What an operator can do about people and keys; the only thing that the demo does not ask of the public API. */
export interface AccountOffice {
  /** Whether nobody has an account yet, so that the server's set-up link is still good. */
  isSetUpNeeded(): Promise<boolean>;
  findPerson(email: string): Promise<{ id: string } | undefined>;
  createPerson(person: { email: string; name: string; role: Role; password?: string }): Promise<{ id: string }>;
  createKey(key: { userId: string; name: string; scope: KeyScope }): Promise<{ id: string; key: string }>;
  revokeKey(key: { userId: string; keyId: string }): Promise<unknown>;
}

export interface DemoAccount {
  readonly email: string;
  readonly role: Role;
  /** A key made just now, which is shown once. */
  readonly key: string;
  /** Made just now and shown once; null for somebody of an earlier run, who stays as they are. */
  readonly password: string | null;
}

/** The keys of the people of the demo, by their e-mail addresses. */
export type PersonalKeys = ReadonlyMap<string, string>;

/** The key that the demo records with, and the way to take it back. */
export interface RecordingKey {
  readonly key: string;
  revoke(): Promise<void>;
}

const KEY_NAME = "demo";

/** Finds or makes the service account, and gives it a key that may only record. */
export async function makeRecordingKey(office: AccountOffice): Promise<RecordingKey> {
  const found = await office.findPerson(DEMO_RECORDER.email);
  const { id: userId } = found ?? (await office.createPerson(namesOf(DEMO_RECORDER)));
  const { id: keyId, key } = await office.createKey({ userId, name: KEY_NAME, scope: "ingest" });
  return {
    key,
    async revoke() {
      await office.revokeKey({ userId, keyId });
    },
  };
}

export interface FoundPerson {
  readonly userId: string;
  /** Of somebody who was made just now. */
  readonly password: string | null;
}

/** Finds or makes the people of the demo, with a password to sign in with. Somebody of an earlier run stays as they are. */
export async function makePeople(office: AccountOffice): Promise<Map<DemoPerson, FoundPerson>> {
  const people = new Map<DemoPerson, FoundPerson>();
  for (const person of DEMO_PEOPLE) {
    const password = randomBytes(12).toString("base64url");
    const found = await office.findPerson(person.email);
    const { id } = found ?? (await office.createPerson({ ...namesOf(person), password }));
    people.set(person, { userId: id, password: found === undefined ? password : null });
  }
  return people;
}

/**
 * Does some work with a fresh key for each of them; keys of an earlier run stay in force. Keys of work that failed are
 * revoked, since nobody is shown them.
 */
export async function withKeys<Answer>(
  office: AccountOffice,
  people: ReadonlyMap<DemoPerson, FoundPerson>,
  work: (keys: PersonalKeys) => Promise<Answer>,
): Promise<Answer> {
  const made: { userId: string; keyId: string }[] = [];
  const keys = new Map<string, string>();
  try {
    for (const [{ email }, { userId }] of people) {
      const { id: keyId, key } = await office.createKey({ userId, name: KEY_NAME, scope: "full" });
      made.push({ userId, keyId });
      keys.set(email, key);
    }
    return await work(keys);
  } catch (error) {
    for (const key of made) await office.revokeKey(key);
    throw error;
  }
}

/** The people as they are shown. */
export function accountsOf(people: ReadonlyMap<DemoPerson, FoundPerson>, keys: PersonalKeys): DemoAccount[] {
  return [...people].map(([{ email, role }, { password }]) => ({ email, role, key: keys.get(email) ?? "", password }));
}

function namesOf({ email, name, role }: DemoPerson): Pick<DemoPerson, "email" | "name" | "role"> {
  return { email, name, role };
}
