import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { GENERATED_FILES } from "../../../scripts/generate.ts";

test.each(GENERATED_FILES.map((file) => ({ ...file, name: file.url.pathname.replace(/.*\/docs\//, "docs/") })))(
  "$name is what its generator writes: run npm run generate and commit the result",
  ({ url, content }) => {
    expect(readFileSync(url, "utf8")).toBe(content());
  },
);
