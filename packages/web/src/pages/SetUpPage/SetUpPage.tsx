import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type JSX, useState } from "react";

import { client } from "../../api/client.ts";
import { problemOf } from "../../api/data-state.ts";
import { setUpStateQuery } from "../../api/sign-in.ts";
import { type SetUpForm, SetUpPageView, type SetUpState } from "./SetUpPageView.tsx";

export function SetUpPage(): JSX.Element {
  const router = useRouter();
  const queries = useQueryClient();
  const needed = useQuery(setUpStateQuery);
  const [token] = useState(takeToken);
  const setUp = useMutation({
    mutationFn: ({ email, name, password, debugLogging }: SetUpForm) =>
      client.signIn.setUp({
        token: token ?? "",
        email,
        password,
        debug_logging: debugLogging,
        ...(name === "" ? {} : { name }),
      }),
    async onSuccess() {
      queries.clear();
      await router.navigate({ to: "/lifecycle", replace: true });
    },
  });
  return <SetUpPageView state={stateOf()} onSubmit={(form) => setUp.mutate(form)} />;

  function stateOf(): SetUpState {
    // Once the account is there, the answer to whether it is needed changes while the page is being left.
    const isAnswered = setUp.isPending || setUp.isSuccess;
    if (needed.data === undefined && needed.error === null) return { kind: "loading" };
    if (needed.data?.needed === false && !isAnswered) return { kind: "done" };
    if (token === undefined) return { kind: "no-token" };
    return { kind: "form", busy: isAnswered, problem: setUp.error === null ? undefined : problemOf(setUp.error) };
  }
}

/**
 * The token of the link. It stands behind the #, which no browser sends to a server, and is taken out of the address at
 * once, so that it stays neither in the history nor on a screenshot.
 */
function takeToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? undefined;
  if (token !== undefined) history.replaceState(history.state, "", location.pathname);
  return token;
}
