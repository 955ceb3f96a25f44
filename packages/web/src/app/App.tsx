import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app.css";

import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import type { JSX } from "react";

import { NowProvider } from "../components/now.tsx";
import { styleNonce } from "../platform.ts";
import type { AppRouter } from "./router.tsx";
import { cssVariables, theme } from "./theme.ts";

const colorSchemeManager = localStorageColorSchemeManager({ key: "shelflife-color-scheme" });

/** Everything that is around the pages. The colour scheme is the system's until somebody chooses one. */
export function App({ queryClient, router }: { queryClient: QueryClient; router: AppRouter }): JSX.Element {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      colorSchemeManager={colorSchemeManager}
      getStyleNonce={() => styleNonce}
    >
      <Notifications position="bottom-right" />
      <NowProvider>
        <QueryClientProvider client={queryClient}>
          <RouterProvider router={router} />
        </QueryClientProvider>
      </NowProvider>
    </MantineProvider>
  );
}
