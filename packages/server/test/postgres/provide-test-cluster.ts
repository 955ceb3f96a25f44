import { pino } from "pino";
import type { TestProject } from "vitest/node";
import { migrate } from "../../src/postgres/migrate.ts";
import { createPool } from "../../src/postgres/pool.ts";
import { startTestCluster } from "./test-cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    postgres: {
      /** Of the maintenance database. */
      url: string;
      /** The migrated database that each test's own is cloned from. */
      template: string;
      /** The package whose binaries run; null for this platform's. */
      binariesPackage: string | null;
    };
  }
}

const TEMPLATE = "shelflife_template";

/** Starts a cluster for one vitest project, with a migrated template in it. Returns what takes it away again. */
export async function provideTestCluster(project: TestProject, binariesPackage?: string): Promise<() => Promise<void>> {
  const cluster = await startTestCluster({ binariesPackage });
  try {
    await createTemplate(cluster.url);
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  project.provide("postgres", {
    url: cluster.url,
    template: TEMPLATE,
    binariesPackage: binariesPackage ?? null,
  });
  return () => cluster.stop();
}

async function createTemplate(url: string): Promise<void> {
  const log = pino({ level: "silent" });
  const admin = createPool({ url, applicationName: "test-template", log });
  const template = createPool({
    url: databaseUrl(url, TEMPLATE),
    applicationName: "test-template",
    log,
  });
  try {
    await admin.query(`create database ${TEMPLATE}`);
    await migrate({ pool: template, log });
    await template.end();
    // Cloning needs a template without sessions, so nobody may connect to it from here on.
    await admin.query(`alter database ${TEMPLATE} with allow_connections false is_template true`);
  } finally {
    if (!template.ending) await template.end();
    await admin.end();
  }
}

/** The URL of another database on the same server. */
export function databaseUrl(url: string, database: string): string {
  const other = new URL(url);
  other.pathname = `/${database}`;
  return other.href;
}
