import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import type { JSX } from "react";

import type { ActionState } from "../../api/action-state.ts";
import { client } from "../../api/client.ts";
import { dataState, problemOf } from "../../api/data-state.ts";
import { forgetPerson, setUpStateQuery, signInMethodsQuery } from "../../api/sign-in.ts";
import { SignInPageView } from "./SignInPageView.tsx";
import { problemOfRedirect } from "./redirect-problem.ts";

const route = getRouteApi("/entry/sign-in");

export function SignInPage(): JSX.Element {
  const { from = "/chats", error } = route.useSearch();
  const router = useRouter();
  const queries = useQueryClient();
  const methods = useQuery(signInMethodsQuery);
  const setUp = useQuery(setUpStateQuery);
  const withPassword = useMutation({
    mutationFn: (credentials: { email: string; password: string }) => client.signIn.withPassword(credentials),
    async onSuccess() {
      // Whoever was signed in before leaves nothing behind.
      forgetPerson(queries);
      await router.navigate({ href: from, replace: true });
    },
  });
  const withOpenIdConnect = useMutation({
    mutationFn: () => client.signIn.withOpenIdConnect({ callbackURL: from }),
    onSuccess: (address) => location.assign(address),
  });

  const signingIn = (): ActionState => {
    const failure = withPassword.error ?? withOpenIdConnect.error;
    if (failure !== null) return { kind: "failed", problem: problemOf(failure) };
    if (withPassword.isPending || withOpenIdConnect.isPending) return { kind: "busy" };
    const redirected = problemOfRedirect(error);
    return redirected === undefined ? { kind: "idle" } : { kind: "failed", problem: redirected };
  };
  return (
    <SignInPageView
      methods={dataState(methods)}
      setUpNeeded={setUp.data?.needed ?? false}
      signingIn={signingIn()}
      onPassword={(email, password) => withPassword.mutate({ email, password })}
      onOpenIdConnect={() => withOpenIdConnect.mutate()}
    />
  );
}
