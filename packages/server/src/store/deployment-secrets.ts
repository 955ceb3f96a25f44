import type { Database } from "./database.ts";

export interface DeploymentSecretsStore {
  /** The secret of this name that all replicas share; where there is none yet, the candidate becomes it. */
  readOrKeepSecret(name: string, candidate: string): Promise<string>;
}

export function deploymentSecretsStore(database: Database): DeploymentSecretsStore {
  return {
    async readOrKeepSecret(name, candidate) {
      // Of replicas that start at once one wins; all of them then read what it wrote.
      await database
        .insertInto("deployment_secrets")
        .values({ name, value: candidate })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      const { value } = await database
        .selectFrom("deployment_secrets")
        .select("value")
        .where("name", "=", name)
        .executeTakeFirstOrThrow();
      return value;
    },
  };
}
