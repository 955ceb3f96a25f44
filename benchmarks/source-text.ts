import { readdirSync, readFileSync } from "node:fs";

/** This repository's own sources: what agents read is mostly code. */
const CORPUS = readCorpus();

/** A piece of source code of this repository; a position beyond its end starts again at its beginning. */
export function excerptAt(position: number, length: number): string {
  const start = Math.floor(position) % Math.max(1, CORPUS.length - length);
  return CORPUS.slice(start, start + length);
}

function readCorpus(): string {
  return ["api-contract", "recorder", "sdk"]
    .map((name) => new URL(`../packages/${name}/src/`, import.meta.url))
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".ts"))
        .toSorted()
        .map((file) => readFileSync(new URL(file, folder), "utf8")),
    )
    .join("\n");
}
