import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { findPostmaster } from "../../src/postgres/postmaster.ts";
import { isRunning } from "../../src/postgres/process-identity.ts";
import { query, temporaryFolder } from "./embedded-fixture.ts";
import { startTestCluster } from "./test-cluster.ts";

test("what a killed test run left behind is gone with the next run", async () => {
  // Of its own, since every run that begins at this moment clears up as well.
  const parent = temporaryFolder();
  const module = JSON.stringify(new URL("test-cluster.ts", import.meta.url).href);
  const script = `import { startTestCluster } from ${module}; console.log((await startTestCluster(${JSON.stringify({ parent })})).folder);`;
  const killed = spawn(process.execPath, ["--input-type=module-typescript", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(killed.stdout, "data")) as [Buffer];
  const folder = line.toString().trim();
  killed.kill("SIGKILL");
  await once(killed, "exit");
  const orphan = findPostmaster(`${folder}/data`);
  expect(orphan).toMatchObject({ status: "ready" });

  const cluster = await startTestCluster({ parent });
  onTestFinished(() => cluster.stop());
  expect(isRunning(orphan!.process)).toBe(false);
  expect(existsSync(folder)).toBe(false);
  expect(await query(cluster.url, "select 1 as alive")).toEqual([{ alive: 1 }]);
});
