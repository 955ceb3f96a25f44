import { Outlet, useMatches, useRouter } from "@tanstack/react-router";
import type { JSX } from "react";

import { useMe } from "../api/me.ts";
import { PageForbidden } from "../components/PageForbidden.tsx";
import { NAVIGATION } from "./navigation.ts";
import { ShellView } from "./ShellView.tsx";
import { useFocusOnNavigation } from "./use-focus-on-navigation.ts";

/** The frame around every page of a signed-in person: what they may use, and nothing else. */
export function Shell(): JSX.Element {
  const me = useMe();
  const { routesByPath } = useRouter();
  const matches = useMatches();
  useFocusOnNavigation();
  const allowed = matches.every(({ staticData }) => staticData.allows?.(me) ?? true);
  const entries = NAVIGATION.filter(({ to }) => routesByPath[to].options.staticData?.allows?.(me) ?? true);
  return (
    <ShellView me={me} entries={entries} location={matches.at(-1)?.pathname ?? "/"}>
      {allowed ? <Outlet /> : <PageForbidden />}
    </ShellView>
  );
}
