import type { Context } from "hono";

import type { Actor } from "../authz/actor.ts";
import type { Log } from "../log.ts";
import type { Store } from "../store/store.ts";

/** What the middleware has found out about a request. */
export interface Environment {
  Variables: {
    requestId: string;
    /** Where the request comes from, as far as it is known. */
    clientAddress: string | undefined;
    /** What the route answers with where it does what it was asked. */
    successStatus: number;
    actor: Actor;
    /** The store as the actor may use it. */
    store: Store;
    log: Log;
  };
}

export type RequestContext = Context<Environment>;
