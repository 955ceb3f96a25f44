import type { JSX } from "react";

import { PageHeading } from "../../components/PageHeading.tsx";

export function SignInPage(): JSX.Element {
  return <PageHeading>Sign in</PageHeading>;
}
