export * from "./debug-batch.ts";
export * from "./debug-runs.ts";
export * from "./errors.ts";
export * from "./limits.ts";
export * from "./normalized-call.ts";
export * from "./retention-settings.ts";
export * from "./users.ts";
