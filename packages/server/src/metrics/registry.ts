import { collectDefaultMetrics, Registry } from "prom-client";

/** A registry of its own for every server, so that two in one process (as in the tests) do not share counters. */
export function createRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}
