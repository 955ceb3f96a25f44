import type { Role } from "@shelflife/api-contract";

export interface DemoPerson {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  /** How much of the demo is theirs, against the others' share. */
  readonly share: number;
}

/** Whose chats the demo shows. Nobody can own an address below `.example`, so that none of them is a real person. */
export const DEMO_PEOPLE: readonly DemoPerson[] = [
  { email: "nadia@demo.example", name: "Nadia Petrova", role: "owner", share: 3 },
  { email: "tomas@demo.example", name: "Tomás Rivera", role: "member", share: 4 },
  { email: "mei@demo.example", name: "Mei Tanaka", role: "member", share: 3 },
  { email: "samuel@demo.example", name: "Samuel Osei", role: "member", share: 2 },
];

/** The service account whose ingest key records for all of them. */
export const DEMO_RECORDER: DemoPerson = {
  email: "recorder@demo.example",
  name: "Demo recorder",
  role: "member",
  share: 0,
};
