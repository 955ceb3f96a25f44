import type { JSX } from "react";

import { PageHeading } from "../../components/PageHeading.tsx";

export function AuditPage(): JSX.Element {
  return <PageHeading>Audit log</PageHeading>;
}
