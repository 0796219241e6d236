/** The routes. The state of a page is in its URL, as plain text: `?status=FAILED&status=EXPIRED`. */
import { createRootRoute, createRoute, createRouter, retainSearchParams } from "@tanstack/react-router";
import { lazy } from "react";
import { Boundary, fresh, lazyFile } from "../parts/feedback/boundary.tsx";
import { NotFound } from "./not-found.tsx";
import { PAGES, type PageEntry } from "./pages.ts";
import { PageFrame } from "./shell/page-frame.tsx";
import { SignInPage } from "./sign-in-page.tsx";
import { SignedIn } from "./signed-in.tsx";

type SearchValues = Readonly<Record<string, string | readonly string[] | undefined>>;

const rootRoute = createRootRoute({
  validateSearch: (search: Record<string, unknown>) => search as SearchValues,
  search: { middlewares: [retainSearchParams(["tenant"])] },
});

/** Every page but the sign-in page is inside the shell. */
const signedInRoute = createRoute({ getParentRoute: () => rootRoute, id: "signed-in", component: SignedIn });

const signInRoute = createRoute({ getParentRoute: () => rootRoute, path: "/sign-in", component: SignInPage });

const SetPassword = lazyFile(() => import("../pages/access/set-password-page.tsx"));

/** For a person who has a link and no session yet. */
const setPasswordRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/set-password",
  component: () => (
    <Boundary isPage resetKey="set-password">
      <SetPassword />
    </Boundary>
  ),
});

const unknownRoute = createRoute({ getParentRoute: () => signedInRoute, path: "$", component: NotFound });

function routeOf({ path, needs, load }: PageEntry) {
  const once = fresh(load);
  const Content = lazy(once);
  return createRoute({
    getParentRoute: () => signedInRoute,
    path,
    component: () => (
      <PageFrame needs={needs}>
        <Content />
      </PageFrame>
    ),
    // Another record is another page: nothing that was typed or selected stays. A tab is a part of the same page.
    remountDeps: ({ params }) => Object.entries(params).filter(([name]) => name !== "tab"),
    // Starts to load the file while the pointer is over a link.
    loader: () => void once().catch(() => undefined),
  });
}

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    signInRoute,
    setPasswordRoute,
    signedInRoute.addChildren([...PAGES.map(routeOf), unknownRoute]),
  ]),
  basepath: "/console",
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  parseSearch: searchOf,
  stringifySearch: queryOf,
});

function searchOf(query: string): Record<string, string | string[]> {
  const given = new URLSearchParams(query);
  const names = [...new Set(given.keys())];
  return Object.fromEntries(
    names.map((name) => {
      const values = given.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? "") : values];
    }),
  );
}

function queryOf(search: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    for (const one of [value].flat()) if (one !== undefined && one !== null) query.append(name, String(one));
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
