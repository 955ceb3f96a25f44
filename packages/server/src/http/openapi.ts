import type { OpenAPIHono } from "@hono/zod-openapi";

import type { Environment } from "./environment.ts";
import { SESSION_COOKIE, SESSION_HEADER } from "./authenticate.ts";
import { BROWSER_SESSION_COOKIE } from "../sign-in/session-cookie.ts";
import { SHELFLIFE_VERSION } from "../version.ts";

type OpenApiDocument = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;

/** The OpenAPI document of every route that was mounted. */
export function describeApi(app: OpenAPIHono<Environment>): OpenApiDocument {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Shelflife",
      version: SHELFLIFE_VERSION,
      description: "Records chats and their debug runs, and guarantees that each kind of data is gone on time.",
    },
  });
}

/** How a caller signs in. */
export function describeSecurity(app: OpenAPIHono<Environment>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "sessionToken", {
    type: "apiKey",
    in: "header",
    name: SESSION_HEADER,
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.registerComponent("securitySchemes", "sessionCookie", {
    type: "apiKey",
    in: "cookie",
    name: SESSION_COOKIE,
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "browserSession", {
    type: "apiKey",
    in: "cookie",
    name: BROWSER_SESSION_COOKIE,
    description: "Set by signing in; its name begins with `__Secure-` where the server is reached over https.",
  });
}
