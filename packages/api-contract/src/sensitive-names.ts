/**
 * Which names say that what they name is a secret. Every rule looks at a name's compact form, so that `access_token`,
 * `access-token`, `accessToken` and `ACCESS TOKEN` are one name.
 */
function compact(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** A name that contains one of these names a secret, wherever it stands. */
const SECRET_FRAGMENTS = ["secret", "password", "authorization", "credential"];

/** Names that are secret only as a whole: "token" alone, since a language model counts tokens everywhere. */
const SECRET_NAMES = new Set([
  "token",
  "xtoken",
  "idtoken",
  "bearer",
  "jwt",
  "passwd",
  "passphrase",
  "cookie",
  "setcookie",
]);

/** What a credential's name ends with, whoever issued it: `github_access_token`, `OPENAI_API_KEY`. */
const SECRET_ENDINGS = [
  "accesstoken",
  "refreshtoken",
  "apitoken",
  "authtoken",
  "authenticationtoken",
  "bearertoken",
  "sessiontoken",
  "securitytoken",
  "csrftoken",
  "xsrftoken",
  "apikey",
  "privatekey",
  "signingkey",
];

/** Further names of credentials in URLs and forms: Google's `key`, signed URLs, OAuth assertions. */
const SECRET_PARAMETERS = new Set([
  "key",
  "auth",
  "sig",
  "signature",
  "xamzsignature",
  "xgoogsignature",
  "assertion",
  "clientassertion",
  "codeverifier",
  "pwd",
  "pass",
]);

const SECRET_HEADER_FRAGMENTS = ["apikey", "token", "bearer", "subscriptionkey", "accesskey", "functionskey"];
const SECRET_HEADERS = new Set(["auth", "xauth", "setcookie2"]);

function isSecretName(name: string): boolean {
  return (
    SECRET_NAMES.has(name) ||
    SECRET_FRAGMENTS.some((fragment) => name.includes(fragment)) ||
    SECRET_ENDINGS.some((ending) => name.endsWith(ending))
  );
}

type Verdict = "secret" | "secret unless a count" | "harmless";

function judge(key: string): Verdict {
  const name = compact(key);
  if (isSecretName(name)) return "secret";
  return SECRET_ENDINGS.some((ending) => name.endsWith(`${ending}s`)) ? "secret unless a count" : "harmless";
}

/** The same few keys stand in a body a thousand times over, so verdicts are kept, but never more than these. */
const VERDICTS_KEPT = 5000;
const LONGEST_KEY_KEPT = 100;
const verdicts = new Map<string, Verdict>();

function judgeOnce(key: string): Verdict {
  const known = verdicts.get(key);
  if (known !== undefined) return known;
  const verdict = judge(key);
  if (verdicts.size >= VERDICTS_KEPT) verdicts.clear();
  if (key.length <= LONGEST_KEY_KEPT) verdicts.set(key, verdict);
  return verdict;
}

/**
 * Whether a JSON member's value is a secret. A plural such as `access_tokens` may be a list of credentials or a count:
 * it is a count where its value is a number, a boolean or null.
 */
export function isSensitiveKey(key: string, valueIsCount: boolean): boolean {
  const verdict = judgeOnce(key);
  return verdict === "secret" || (verdict === "secret unless a count" && !valueIsCount);
}

function isSecretHeader(name: string): boolean {
  return (
    SECRET_HEADERS.has(name) ||
    isSecretName(name) ||
    SECRET_HEADER_FRAGMENTS.some((fragment) => name.includes(fragment))
  );
}

/**
 * Whether an HTTP header's value is a secret. Rate limits such as `x-ratelimit-remaining-tokens` count tokens; what else
 * their names say still counts, so that `x-ratelimit-auth-token` stays a secret.
 */
export function isSensitiveHeader(header: string): boolean {
  const name = compact(header);
  const isRateLimit = name.includes("ratelimit") || name.startsWith("anthropicpriority");
  return isSecretHeader(isRateLimit ? name.replaceAll("tokens", "") : name);
}

/** Whether a value in a URL's query or in a form is a secret. Counts such as `max_tokens=5` are none. */
export function isSensitiveParameter(parameter: string, value: string): boolean {
  const name = compact(parameter);
  if (SECRET_PARAMETERS.has(name) || judge(parameter) !== "harmless") return true;
  const isTokenCount = name.endsWith("tokens") && (name !== "tokens" || /^\d+$/.test(value));
  return !isTokenCount && isSecretHeader(name);
}
