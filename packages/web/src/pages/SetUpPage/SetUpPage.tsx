import type { JSX } from "react";

import { PageHeading } from "../../components/PageHeading.tsx";

export function SetUpPage(): JSX.Element {
  return <PageHeading>Set up</PageHeading>;
}
