import { once } from "node:events";
import type { Server } from "node:http";

import { createAdaptorServer } from "@hono/node-server";

import type { Clock } from "../clock.ts";
import { CodedError, codeOf, hasCode } from "../coded-error.ts";
import { refuseHttp2 } from "./refuse-http2.ts";

/** How long requests that are under way may take to end when the server stops, in milliseconds. */
const GRACE_MS = 3_000;

export interface Listener {
  readonly url: string;
  /** Takes no further request, lets those under way end for a moment, and then cuts them off. */
  close(): Promise<void>;
}

/** @throws CodedError `address_unavailable` where the address is taken, or not this machine's */
export async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  { host, port }: { host: string; port: number },
  clock: Clock,
): Promise<Listener> {
  const server = createAdaptorServer({ fetch }) as Server;
  refuseHttp2(server);
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const where = `${inUrl(host)}:${port}`;
    if (hasCode(error, "EADDRINUSE")) {
      throw new CodedError(
        "address_unavailable",
        `The address ${where} is in use already; set SHELFLIFE_HTTP_ADDRESS to another one.`,
      );
    }
    throw new CodedError("address_unavailable", `Cannot listen on ${where}: ${codeOf(error) ?? String(error)}.`);
  }
  const address = server.address();
  const actualPort = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://${inUrl(host)}:${actualPort}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const patience = new AbortController();
      await Promise.race([closed, clock.sleep(GRACE_MS, patience.signal)]);
      patience.abort();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A host as it stands in a URL: IPv6 in brackets. */
function inUrl(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
