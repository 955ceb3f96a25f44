import type { ColumnType } from "kysely";

/** The columns of the tables for signing in that the store reads or writes; the library that signs people in has its own. */

type Defaulted<T> = ColumnType<T, T | undefined, T>;

export interface SessionsTable {
  id: string;
  user_id: string;
  token: string;
  expires_at: Date;
}

export interface AccountsTable {
  id: string;
  user_id: string;
  provider_id: string;
  account_id: string;
  password: string | null;
  created_at: Defaulted<Date>;
  updated_at: Defaulted<Date>;
}

export interface VerificationsTable {
  id: string;
  expires_at: Date;
}

export interface SignInAttemptsTable {
  key: string;
  attempts: number;
  window_started_at: Date;
}

export interface SetUpTokensTable {
  token_hash: Buffer;
  expires_at: Date;
}

export interface DeploymentSecretsTable {
  name: string;
  value: string;
  created_at: Defaulted<Date>;
}

export interface SignInTables {
  sessions: SessionsTable;
  accounts: AccountsTable;
  verifications: VerificationsTable;
  sign_in_attempts: SignInAttemptsTable;
  set_up_tokens: SetUpTokensTable;
  deployment_secrets: DeploymentSecretsTable;
}
