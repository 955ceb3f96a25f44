import { parseArgs } from "node:util";

import { buildWeb } from "./build-web.ts";

// What is served is never a development build, whatever the environment of whoever builds it says.
process.env["NODE_ENV"] = "production";

/** `--if-stale` builds the web interface only where none was built, or a source has changed since. */
const { values } = parseArgs({ options: { "if-stale": { type: "boolean", default: false } } });
await buildWeb({ ifStale: values["if-stale"] });
