import { newPasswordSchema, PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN } from "@shelflife/api-contract";

import { CodedError } from "../coded-error.ts";

/** No password is longer, whatever bytes its characters take. */
const BYTES_MAX = 4096;

/**
 * Reads a password from standard input: one line. An argument would be seen by everybody who lists the machine's processes.
 *
 * @throws CodedError `validation_failed` where it is none that somebody may have
 */
export async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new CodedError("validation_failed", "--password-stdin: pipe the password into the command, as one line.");
  }
  let text = "";
  process.stdin.setEncoding("utf8");
  for await (const chunk of process.stdin as AsyncIterable<string>) {
    text += chunk;
    if (text.length > BYTES_MAX) break;
  }
  const password = text.replace(/\r?\n$/, "");
  if (!newPasswordSchema.safeParse(password).success || /[\r\n]/.test(password)) {
    throw new CodedError(
      "validation_failed",
      `--password-stdin: a password is one line of ${PASSWORD_CHARACTERS_MIN} to ${PASSWORD_CHARACTERS_MAX} characters.`,
    );
  }
  return password;
}
