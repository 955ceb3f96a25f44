import { readConfig } from "../config.ts";

/** Where a server with the same configuration is reached; one that listens everywhere is reached here, too. */
export function defaultServerUrl(): string {
  const { host, port } = readConfig(process.env).SHELFLIFE_HTTP_ADDRESS;
  const name = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
