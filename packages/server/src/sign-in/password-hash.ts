import { hashPassword as hash, verifyPassword as verify } from "better-auth/crypto";

/** Salt and scrypt key of a password, as they are stored. It takes tens of milliseconds on a thread of its own. */
export function hashPassword(password: string): Promise<string> {
  return hash(password);
}

export function isPasswordOf(passwordHash: string, password: string): Promise<boolean> {
  return verify({ hash: passwordHash, password });
}
