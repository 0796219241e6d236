/** The routes. The state of a page is in its URL, as plain text: `?status=FAILED&status=EXPIRED`. */
import { createRootRoute, createRoute, createRouter, retainSearchParams } from "@tanstack/react-router";
import { type ComponentType, lazy, useState } from "react";
import { Boundary, fresh, lazyFile } from "../parts/feedback/boundary.tsx";
import { NotFound, NotFoundAlone } from "./not-found.tsx";
import { PAGES, type PageEntry } from "./pages.ts";
import { PageFrame } from "./shell/page-frame.tsx";
import { SignInPage } from "./sign-in-page.tsx";
import { SignedIn } from "./signed-in.tsx";

type SearchValues = Readonly<Record<string, string | readonly string[] | undefined>>;

const rootRoute = createRootRoute({
  validateSearch: (search: Record<string, unknown>) => search as SearchValues,
  search: { middlewares: [retainSearchParams(["tenant"])] },
});

/** A page whose file comes sooner replaces the one before at once. Otherwise a placeholder replaces it. */
const SOON_MS = 150;

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
  const { Content, loader } = laterOf(fresh(load));
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
    loader,
    // A loaded file stays as it is. With the default of 0, the router runs the loader again after each navigation, and renders.
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/**
 * A component in a file of its own. The loader waits for the file, and starts to load it while the pointer is over a link.
 * React shows the content of `lazy` 300 ms after its placeholder or later, so what is loaded is shown without `lazy`.
 */
function laterOf(load: PageEntry["load"]) {
  const Later = lazy(load);
  let loaded: ComponentType | null = null;
  const wait = async (): Promise<void> => {
    const file = load().then(
      (module) => {
        loaded = module.default;
      },
      () => undefined, // `Later` fails, too, and its boundary says why.
    );
    await Promise.race([file, new Promise((resolve) => setTimeout(resolve, SOON_MS))]);
  };
  return {
    Content: function Content() {
      const [Shown] = useState<ComponentType>(() => loaded ?? Later);
      return <Shown />;
    },
    loader: () => (loaded === null ? wait() : undefined),
  };
}

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    signInRoute,
    setPasswordRoute,
    signedInRoute.addChildren([...PAGES.map(routeOf), unknownRoute]),
  ]),
  basepath: "/console",
  defaultNotFoundComponent: NotFoundAlone,
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
