import type { KeyScope } from "@shelflife/api-contract";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import type { JSX } from "react";

import { actionState } from "../../api/action-state.ts";
import { client } from "../../api/client.ts";
import { dataState } from "../../api/data-state.ts";
import { useMe } from "../../api/me.ts";
import { keysQuery, userDebugLoggingQuery } from "../../api/people.ts";
import { forgetPerson, signInMethodsQuery } from "../../api/sign-in.ts";
import { SettingsPageView } from "./SettingsPageView.tsx";

export function SettingsPage(): JSX.Element {
  const me = useMe();
  const router = useRouter();
  const queries = useQueryClient();
  const recording = useQuery(userDebugLoggingQuery);
  const keys = useQuery(keysQuery);
  const methods = useQuery(signInMethodsQuery);
  const changeRecording = useMutation({
    mutationFn: (enabled: boolean) => client.retention.setUserDebugLogging(enabled),
    onSettled: () => queries.invalidateQueries({ queryKey: userDebugLoggingQuery.queryKey }),
  });
  const refreshKeys = (): Promise<void> => queries.invalidateQueries({ queryKey: keysQuery.queryKey });
  const createKey = useMutation({
    mutationFn: (key: { name: string; scope: KeyScope }) => client.people.createKey(key),
    onSettled: refreshKeys,
  });
  const revokeKey = useMutation({
    mutationFn: (keyId: string) => client.people.revokeKey(keyId),
    onSettled: refreshKeys,
  });
  const changePassword = useMutation({
    mutationFn: (change: { currentPassword: string; newPassword: string }) => client.signIn.changePassword(change),
  });
  const signOut = useMutation({
    mutationFn: () => client.signIn.out(),
    async onSuccess() {
      await router.navigate({ to: "/sign-in", replace: true });
      forgetPerson(queries);
    },
  });
  return (
    <SettingsPageView
      me={me}
      recording={dataState(recording)}
      savingRecording={actionState(changeRecording)}
      onRecording={(enabled) => changeRecording.mutate(enabled)}
      keys={{
        state: dataState(keys),
        creating: actionState(createKey),
        created: createKey.data ?? null,
        revoking: actionState(revokeKey),
        onCreate: (name, scope) => createKey.mutate({ name, scope }),
        onCreatedSeen: () => createKey.reset(),
        onRevoke: (keyId) => revokeKey.mutate(keyId),
      }}
      password={
        methods.data?.password === true
          ? {
              state: changePassword.isSuccess ? { kind: "done" } : actionState(changePassword),
              onChange: (currentPassword, newPassword) => changePassword.mutate({ currentPassword, newPassword }),
            }
          : null
      }
      signingOut={actionState(signOut)}
      onSignOut={() => signOut.mutate()}
    />
  );
}
