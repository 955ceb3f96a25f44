import type { Person, Role } from "@shelflife/api-contract";

/** A person as they cross the wire. */
export function renderPerson(person: { id: string; email: string; name: string; role: Role; createdAt: Date }): Person {
  const { id, email, name, role, createdAt } = person;
  return { id, email, name, role, created_at: createdAt.toISOString() };
}
