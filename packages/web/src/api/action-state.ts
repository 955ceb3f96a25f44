import { type Problem, problemOf } from "./data-state.ts";

/** Where something that was asked for with a button stands. */
export type ActionState = { readonly kind: "idle" | "busy" } | { readonly kind: "failed"; readonly problem: Problem };

/** The same of a mutation. */
export function actionState({ isPending, error }: { isPending: boolean; error: Error | null }): ActionState {
  if (error !== null) return { kind: "failed", problem: problemOf(error) };
  return { kind: isPending ? "busy" : "idle" };
}
