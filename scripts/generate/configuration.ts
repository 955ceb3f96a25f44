import { VARIABLES } from "../../packages/server/src/config.ts";
import { table } from "./markdown-table.ts";

const LEAD = `# Configuration

The server and the command line read environment variables and nothing else: no configuration file. Each variable has a
default, so that \`npm start\` needs none. One that is empty means what an absent one does. Values are checked at the
start: what is wrong is reported at once, all of it, by name and never by value, and nothing is started.

Retention windows are not configured here. They are settings in the database, read and changed with \`npx shelflife
settings\` or \`GET\` and \`PUT /api/experimental/chats/config/debug-retention-days\`; a change takes effect at the next
batch of the purge.`;

const HEADER = ["Variable", "Default", "What it does"];

/** The page on the configuration: the text above, and a table of every variable that the server reads. */
export function configurationMarkdown(): string {
  const rows = Object.entries(VARIABLES).map(([name, { fallback, description }]) => [
    `\`${name}\``,
    fallback === undefined ? "none" : `\`${fallback}\``,
    description,
  ]);
  return `${LEAD}\n\n${table([HEADER, ...rows])}\n`;
}
