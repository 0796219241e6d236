/** The console's entry: the theme, the queries and the routes. */
import "./app/styles.ts";
import { MantineProvider, type MantineProviderProps } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { queries } from "./app/queries.ts";
import { router } from "./app/router.tsx";
import { theme, variables } from "./app/theme.ts";
import { usePreferences } from "./parts/preferences.ts";
import { meQuery } from "./session/me.ts";

/** The preferences hold the theme, so Mantine stores nothing. */
const NO_STORAGE: MantineProviderProps["colorSchemeManager"] = {
  get: (otherwise) => otherwise,
  set: () => undefined,
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => undefined,
};

const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

// For the style that keeps the page from scrolling behind a dialog (`get-nonce`).
Object.assign(globalThis, { __webpack_nonce__: nonce });

function App() {
  const scheme = usePreferences().theme;
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      colorSchemeManager={NO_STORAGE}
      defaultColorScheme="auto"
      {...(scheme !== "auto" && { forceColorScheme: scheme })}
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  );
}

// Asks who is signed in while the code of the page loads.
if (!/\/(sign-in|set-password)$/.test(location.pathname)) void queries.prefetchQuery(meQuery);

const root = document.getElementById("root");
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
