import type { JSX } from "react";

import { PageHeading } from "../../components/PageHeading.tsx";

export function UsersPage(): JSX.Element {
  return <PageHeading>Users</PageHeading>;
}
