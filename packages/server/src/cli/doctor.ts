import type { Command } from "commander";

import { withDatabase } from "./command-context.ts";
import { examineDeployment, type Finding } from "./doctor-checks.ts";
import { print } from "./print.ts";

export function addDoctorCommand(program: Command): void {
  program
    .command("doctor")
    .description(
      "Look whether the deployment can do what it promises: database, clocks, settings, purge, server. Deletes nothing. Exit status 1 where something failed.",
    )
    .option("--json", "print an array of {name, status, message}; status is ok, warning or failed")
    .action(async (output: { json?: boolean }) => {
      const findings = await withDatabase(examineDeployment);
      print(findings, output, () => findings.map(describeFinding).join("\n"));
      if (findings.some(({ status }) => status === "failed")) process.exitCode = 1;
    });
}

function describeFinding({ name, status, message }: Finding): string {
  return `${status.padEnd(8)} ${name}: ${message}`;
}
