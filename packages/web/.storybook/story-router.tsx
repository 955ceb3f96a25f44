import { createMemoryHistory, createRootRoute, createRouter, RouterContextProvider } from "@tanstack/react-router";
import { type JSX, type ReactNode, useState } from "react";

/** Lets a story show links, which lead nowhere. */
export function StoryRouter({ children }: { children: ReactNode }): JSX.Element {
  const [router] = useState(() =>
    createRouter({ routeTree: createRootRoute(), history: createMemoryHistory({ initialEntries: ["/"] }) }),
  );
  return <RouterContextProvider router={router as never}>{children}</RouterContextProvider>;
}
