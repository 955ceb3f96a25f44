import type { NewPerson, Role } from "@shelflife/api-contract";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type JSX, useState } from "react";

import { actionState } from "../../api/action-state.ts";
import { client } from "../../api/client.ts";
import { dataState } from "../../api/data-state.ts";
import { usersQuery } from "../../api/people.ts";
import { UsersPageView } from "./UsersPageView.tsx";

export function UsersPage(): JSX.Element {
  const queries = useQueryClient();
  const users = useQuery(usersQuery);
  const [made, setMade] = useState(0);
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: usersQuery.queryKey });
  const create = useMutation({
    mutationFn: (person: NewPerson) => client.people.create(person),
    onSuccess: () => setMade((count) => count + 1),
    onSettled: refresh,
  });
  const changeRole = useMutation({
    mutationFn: ({ userId, role }: { userId: string; role: Role }) => client.people.changeRole(userId, role),
    onSettled: refresh,
  });
  return (
    <UsersPageView
      state={dataState(users)}
      made={made}
      creating={actionState(create)}
      changing={actionState(changeRole)}
      onCreate={(person) => create.mutate(person)}
      onRole={(userId, role) => changeRole.mutate({ userId, role })}
    />
  );
}
