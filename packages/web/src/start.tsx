import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { meQuery } from "./api/me.ts";
import { App } from "./app/App.tsx";
import { createAppRouter } from "./app/router.tsx";
import { createQueryClient } from "./app/query-client.ts";

/** Shows the interface in the page. */
export function start(): void {
  const container = document.querySelector("#root");
  if (container === null) throw new Error("The page has no #root element.");
  const queryClient = createQueryClient(() => {
    queryClient.removeQueries(meQuery);
    // The route that needs somebody to be signed in asks again, and leads to signing in.
    void router.invalidate();
  });
  const router = createAppRouter(queryClient);
  createRoot(container).render(
    <StrictMode>
      <App queryClient={queryClient} router={router} />
    </StrictMode>,
  );
}
