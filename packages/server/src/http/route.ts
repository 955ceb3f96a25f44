import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import { errorBodySchema } from "@shelflife/api-contract";
import { z } from "zod";

import type { Permission } from "../authz/permissions.ts";
import type { Environment, RequestContext } from "./environment.ts";
import { requirePermission } from "./require-permission.ts";

/** A route: what it answers to, who may use it, what the documentation says of it, and what it does. */
export interface Route {
  readonly method: "get" | "put" | "post" | "patch" | "delete";
  /** With parameters in braces: `/chats/{chat}`. */
  readonly path: string;
  readonly summary: string;
  /** What parameters of the path are that are no UUIDs. */
  readonly parameters?: Readonly<Record<string, z.ZodType>>;
  /** Null: open to everybody. */
  readonly permission: Permission | null;
  /** Whether people without the permission are told that there is no such thing, instead of that they may not. */
  readonly hidden?: boolean;
  /** Parameters of the query, which may be left out, with their descriptions and values. */
  readonly query?: Readonly<Record<string, { readonly description: string; readonly schema: z.ZodType }>>;
  readonly body?: {
    readonly schema: z.ZodType;
    readonly description: string;
    /** JSON unless told. */
    readonly mediaTypes?: readonly string[];
  };
  /** What is no success has the body of an error under `/api`, unless told; its description holds the sentence that clients rely on. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly schema?: z.ZodType }>>;
  readonly handle: (context: RequestContext) => Promise<Response> | Response;
}

/** Adds a route, with its guard before its handler and its description in the OpenAPI document. */
export function mountRoute(app: OpenAPIHono<Environment>, route: Route): void {
  app.openAPIRegistry.registerPath(describeRoute(route));
  const path = route.path.replaceAll(/\{(\w+)\}/g, ":$1");
  const guards =
    route.permission === null ? [] : [requirePermission(route.permission, { hidden: route.hidden ?? false })];
  const successStatus = Math.max(...Object.keys(route.answers).map(Number).filter(isSuccess));
  app.on(route.method.toUpperCase(), [path], ...guards, (context) => {
    context.set("successStatus", successStatus);
    return route.handle(context);
  });
}

/** Where a route has several, the least says that there was nothing to do. */
function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

const SECURITY = ["sessionToken", "bearer", "browserSession", "sessionCookie"].map((scheme) => ({ [scheme]: [] }));

function describeRoute(route: Route): RouteConfig {
  const parameters = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name: name ?? "",
    in: "path" as const,
    required: true,
    schema: describeParameter(route.parameters?.[name ?? ""]),
  }));
  const query = Object.entries(route.query ?? {}).map(([name, { description, schema }]) => ({
    name,
    in: "query" as const,
    required: false,
    description,
    schema: z.toJSONSchema(schema) as object,
  }));
  const answers = Object.entries(route.answers).map(([status, answer]) => {
    const isError = Number(status) >= 400 && route.path.startsWith("/api/");
    const schema = answer.schema ?? (isError ? errorBodySchema : undefined);
    return [
      status,
      {
        description: answer.description,
        ...(schema === undefined ? {} : { content: { "application/json": { schema } } }),
      },
    ];
  });
  const refusals =
    route.permission === null && !route.path.startsWith("/api/")
      ? []
      : [["default", { description: "An error.", content: { "application/json": { schema: errorBodySchema } } }]];
  return {
    method: route.method,
    path: route.path,
    summary: route.summary,
    ...(parameters.length + query.length === 0 ? {} : { parameters: [...parameters, ...query] }),
    ...(route.permission === null ? {} : { security: SECURITY }),
    ...(route.body === undefined
      ? {}
      : {
          request: {
            body: {
              required: true,
              description: route.body.description,
              content: describeContent(route.body),
            },
          },
        }),
    responses: Object.fromEntries([...answers, ...refusals]) as RouteConfig["responses"],
  };
}

function describeParameter(schema: z.ZodType | undefined): object {
  return schema === undefined ? { type: "string", format: "uuid" } : z.toJSONSchema(schema);
}

function describeContent({ schema, mediaTypes = ["application/json"] }: NonNullable<Route["body"]>) {
  return Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }]));
}
