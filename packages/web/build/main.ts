import { parseArgs } from "node:util";

import { buildWeb } from "./build-web.ts";

/** `--if-stale` builds the web interface only where none was built, or a source has changed since. */
const { values } = parseArgs({ options: { "if-stale": { type: "boolean", default: false } } });
await buildWeb({ ifStale: values["if-stale"] });
