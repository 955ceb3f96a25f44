import { JSON_BODY_BYTES, meSchema, newPersonSchema, personChangeSchema, personSchema } from "@shelflife/api-contract";
import type { Me } from "@shelflife/api-contract";

import type { Actor } from "../../authz/actor.ts";
import { may } from "../../authz/permissions.ts";
import { codeOf, hasCode } from "../../coded-error.ts";
import { hashPassword } from "../../sign-in/password-hash.ts";
import { auditOrigin } from "../audit-origin.ts";
import { callerOf } from "../caller.ts";
import { HttpError, notFound } from "../http-error.ts";
import { readJson } from "../read-json.ts";
import { renderPerson } from "../render-person.ts";
import type { Route } from "../route.ts";
import { pathId, validate } from "../validate.ts";

/** Oneself, and for administrators everybody's accounts. */
export function userRoutes(prefix: string): Route[] {
  return [
    {
      method: "get",
      path: `${prefix}/me`,
      summary: "Who one is, and what one may do.",
      permission: "own_keys:manage",
      answers: { 200: { description: "The caller.", schema: meSchema } },
      async handle(context) {
        const actor = callerOf(context);
        const person = await context.get("store").readUser(actor.userId);
        if (person === undefined) throw notFound("person");
        return context.json({ ...renderPerson(person), ...permissionsOf(actor) } satisfies Me);
      },
    },
    {
      method: "get",
      path: prefix,
      summary: "Everybody, by e-mail address.",
      permission: "users:manage",
      answers: { 200: { description: "Everybody.", schema: personSchema.array() } },
      async handle(context) {
        const people = await context.get("store").listUsers();
        return context.json(people.map(renderPerson));
      },
    },
    {
      method: "post",
      path: prefix,
      summary: "Make somebody an account.",
      permission: "users:manage",
      body: { schema: newPersonSchema, description: "Without a password the person signs in by OpenID Connect." },
      answers: {
        201: { description: "The person.", schema: personSchema },
        409: { description: "Somebody has this e-mail address already." },
      },
      async handle(context) {
        const { password, name = "", ...rest } = validate(newPersonSchema, await readJson(context, JSON_BODY_BYTES));
        const passwordHash = password === undefined ? undefined : await hashPassword(password);
        try {
          const person = await context.get("store").createUser({ ...rest, name, passwordHash }, auditOrigin(context));
          return context.json(renderPerson(person), 201);
        } catch (error) {
          if (!hasCode(error, "conflict")) throw error;
          const detail = "Somebody has this e-mail address already.";
          throw new HttpError(409, "conflict", detail, { validations: [{ field: "email", detail }] });
        }
      },
    },
    {
      method: "patch",
      path: `${prefix}/{user}`,
      summary: "Give somebody another role, from their next request on.",
      permission: "users:manage",
      body: { schema: personChangeSchema, description: "The role to have." },
      answers: {
        204: { description: "Changed, or the role that they had already." },
        409: { description: "The last administrator must stay one." },
      },
      async handle(context) {
        const userId = pathId(context, "user", "Invalid user ID.");
        const { role } = validate(personChangeSchema, await readJson(context, JSON_BODY_BYTES));
        try {
          await context.get("store").changeUserRole({ userId, role }, auditOrigin(context));
        } catch (error) {
          if (codeOf(error) === "not_found") throw notFound("person");
          if (codeOf(error) !== "conflict") throw error;
          throw new HttpError(409, "conflict", "The last administrator must stay one: make somebody else one first.");
        }
        return context.body(null, 204);
      },
    },
  ];
}

function permissionsOf(actor: Actor): Omit<Me, "id" | "email" | "name" | "role" | "created_at"> {
  return {
    may_read_deployment: may(actor, "deployment_config:read"),
    may_update_deployment: may(actor, "deployment_config:update"),
    may_read_retention: may(actor, "purge:read"),
    may_run_purge: may(actor, "purge:start"),
    may_manage_users: may(actor, "users:manage"),
  };
}
