import {
  type ApiKey,
  type AuditPage,
  type CreatedApiKey,
  type Me,
  type NewApiKey,
  type NewPerson,
  type Person,
  type Role,
  apiKeySchema,
  auditPageSchema,
  createdApiKeySchema,
  meSchema,
  personSchema,
} from "@shelflife/api-contract";

import { type RequestOptions, type Transport, queryOf } from "./transport.ts";

const USERS = "api/experimental/users";

export interface AuditListing extends RequestOptions {
  resource_type?: string;
  limit?: number;
  /** The `next_before` of the page before. */
  before?: string;
}

/** The signed-in person, their keys, everybody's accounts, and the audit log. */
export class PeopleClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Who the caller is, and what they may do. */
  me(options?: RequestOptions): Promise<Me> {
    return this.#transport.answer(`${USERS}/me`, meSchema, { ...options });
  }

  listKeys(options?: RequestOptions): Promise<ApiKey[]> {
    return this.#transport.answer(`${USERS}/me/keys`, apiKeySchema.array(), { ...options });
  }

  /** Makes a key. The answer is the only one that ever holds it. */
  createKey(key: NewApiKey, options?: RequestOptions): Promise<CreatedApiKey> {
    return this.#transport.answer(`${USERS}/me/keys`, createdApiKeySchema, { ...options, method: "POST", body: key });
  }

  async revokeKey(keyId: string, options?: RequestOptions): Promise<void> {
    const path = `${USERS}/me/keys/${encodeURIComponent(keyId)}`;
    await this.#transport.call(path, { ...options, method: "DELETE" });
  }

  list(options?: RequestOptions): Promise<Person[]> {
    return this.#transport.answer(USERS, personSchema.array(), { ...options });
  }

  create(person: NewPerson, options?: RequestOptions): Promise<Person> {
    return this.#transport.answer(USERS, personSchema, { ...options, method: "POST", body: person });
  }

  async changeRole(userId: string, role: Role, options?: RequestOptions): Promise<void> {
    const path = `${USERS}/${encodeURIComponent(userId)}`;
    await this.#transport.call(path, { ...options, method: "PATCH", body: { role } });
  }

  /** Who changed what, newest first. */
  audit({ signal, ...query }: AuditListing = {}): Promise<AuditPage> {
    return this.#transport.answer(`api/experimental/audit${queryOf(query)}`, auditPageSchema, { signal });
  }
}
