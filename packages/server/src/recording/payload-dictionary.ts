import { readFileSync } from "node:fs";

/**
 * What recorded payloads have in common, for Zstandard to refer to. It is never changed, since stored rows need it: another
 * one gets another number, another file and another codec. `scripts/payload-dictionary/README.md` says how it was made.
 */
export const PAYLOAD_DICTIONARY = readFileSync(new URL("payload-dictionary-1.bin", import.meta.url));
