import type { Me } from "@shelflife/api-contract";
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";

import { findMe } from "../api/me.ts";
import { PageError } from "../components/PageError.tsx";
import { PageLoading } from "../components/PageLoading.tsx";
import { PageNotFound } from "../components/PageNotFound.tsx";
import { CHAT_TABS, type ChatTab } from "../pages/ChatPage/chat-tabs.ts";
import { EntryFrame } from "../shell/EntryFrame.tsx";
import { Shell } from "../shell/Shell.tsx";

interface RouterContext {
  readonly queryClient: QueryClient;
}

declare module "@tanstack/react-router" {
  interface Register {
    router: AppRouter;
  }
  interface StaticDataRouteOption {
    /** Who may use the page; everybody who is signed in unless told. The server decides again. */
    readonly allows?: (me: Me) => boolean;
  }
}

const rootRoute = createRootRouteWithContext<RouterContext>()({
  component: Outlet,
  errorComponent: (props) => (
    <EntryFrame>
      <PageError {...props} />
    </EntryFrame>
  ),
  notFoundComponent: () => (
    <EntryFrame>
      <PageNotFound />
    </EntryFrame>
  ),
});

/** What is seen without being signed in. */
const entryRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "entry",
  component: () => (
    <EntryFrame>
      <Outlet />
    </EntryFrame>
  ),
});

const signInRoute = createRoute({
  getParentRoute: () => entryRoute,
  path: "/sign-in",
  /** `from` is the page to go to afterwards: a path of this site, since anything else could lead people away. */
  validateSearch: (search): { from?: string; error?: string } => ({
    ...(typeof search["from"] === "string" && /^\/(?![/\\])/.test(search["from"]) ? { from: search["from"] } : {}),
    ...(typeof search["error"] === "string" ? { error: search["error"] } : {}),
  }),
  component: lazyRouteComponent(() => import("../pages/SignInPage/SignInPage.tsx"), "SignInPage"),
});

const setUpRoute = createRoute({
  getParentRoute: () => entryRoute,
  path: "/set-up",
  component: lazyRouteComponent(() => import("../pages/SetUpPage/SetUpPage.tsx"), "SetUpPage"),
});

/** Everything for which one has to be signed in. */
const shellRoute = createRoute({
  getParentRoute: () => rootRoute,
  id: "signed-in",
  async beforeLoad({ context, location }) {
    const me = await findMe(context.queryClient);
    if (me === null) throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { from: location.href } });
    return { me };
  },
  component: Shell,
  // Without knowing who is signed in there is no shell to show an error in.
  errorComponent: (props) => (
    <EntryFrame>
      <PageError {...props} />
    </EntryFrame>
  ),
});

const homeRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/chats", replace: true });
  },
});

const chatsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/chats",
  component: lazyRouteComponent(() => import("../pages/ChatsPage/ChatsPage.tsx"), "ChatsPage"),
});

const chatRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/chats/$chatId",
  validateSearch: (search): { tab?: ChatTab } => {
    const tab = CHAT_TABS.find((name) => name === search["tab"]);
    return tab === undefined ? {} : { tab };
  },
  component: lazyRouteComponent(() => import("../pages/ChatPage/ChatPage.tsx"), "ChatPage"),
});

const settingsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/settings",
  component: lazyRouteComponent(() => import("../pages/SettingsPage/SettingsPage.tsx"), "SettingsPage"),
});

const lifecycleRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/lifecycle",
  staticData: { allows: (me) => me.may_update_deployment },
  component: lazyRouteComponent(() => import("../pages/LifecyclePage/LifecyclePage.tsx"), "LifecyclePage"),
});

const retentionRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/retention",
  staticData: { allows: (me) => me.may_read_retention },
  component: lazyRouteComponent(() => import("../pages/RetentionPage/RetentionPage.tsx"), "RetentionPage"),
});

const auditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/audit",
  staticData: { allows: (me) => me.may_read_deployment },
  component: lazyRouteComponent(() => import("../pages/AuditPage/AuditPage.tsx"), "AuditPage"),
});

const usersRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: "/users",
  staticData: { allows: (me) => me.may_manage_users },
  component: lazyRouteComponent(() => import("../pages/UsersPage/UsersPage.tsx"), "UsersPage"),
});

const routeTree = rootRoute.addChildren([
  entryRoute.addChildren([signInRoute, setUpRoute]),
  shellRoute.addChildren([
    homeRoute,
    chatsRoute,
    chatRoute,
    settingsRoute,
    lifecycleRoute,
    retentionRoute,
    auditRoute,
    usersRoute,
  ]),
]);

/** The pages and their addresses. Each page's code is loaded when somebody goes there. */
export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    defaultPreload: "intent",
    // What a page shows is kept by the query client alone.
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultPendingComponent: PageLoading,
    defaultErrorComponent: PageError,
    defaultNotFoundComponent: PageNotFound,
  });
}

export type AppRouter = ReturnType<typeof createAppRouter>;
