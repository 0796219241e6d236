/** The frame of the console: navigation, search, tenant, account. On a narrow screen the navigation is a drawer. */
import { ActionIcon, Drawer, Kbd, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useLocation } from "@tanstack/react-router";
import { type ReactNode, Suspense, useEffect, useRef, useState } from "react";
import { useLiveConnection } from "../../live/use-live.ts";
import { keys, nav as m } from "../../messages/en/app.ts";
import { Dialog } from "../../parts/actions/dialog.tsx";
import { Boundary, lazyFile } from "../../parts/feedback/boundary.tsx";
import { MenuIcon, SearchIcon } from "../../parts/icons.tsx";
import { useShortcuts } from "../../parts/keys/shortcuts.ts";
import { Logo } from "../../parts/page/logo.tsx";
import { preferences, setPreferences, usePreferences } from "../../parts/preferences.ts";
import { useMay } from "../../session/me.ts";
import { SignInDialog } from "../../session/sign-in-dialog.tsx";
import { AccountMenu } from "./account-menu.tsx";
import { LiveStatus } from "./live-status.tsx";
import { Navigation, NavigationKeys } from "./navigation.tsx";
import classes from "./shell.module.css";
import { StatusBanner } from "./status-banner.tsx";

const Palette = lazyFile(() => import("./palette.tsx"));
const Help = lazyFile(() => import("../../parts/keys/help.tsx"));
const TenantSwitch = lazyFile(() => import("./tenant-switch.tsx"));

type Overlay = "palette" | "help" | null;

export function Shell({ children }: { readonly children: ReactNode }) {
  const [overlay, setOverlay] = useState<Overlay>(null);
  const isGlobal = useMay("global_admin");
  const { density } = usePreferences();
  useShellKeys(setOverlay);
  useLiveConnection();
  return (
    <div className={classes.shell} data-density={density}>
      <a href="#content" className={classes.skip}>
        {m.skip}
      </a>
      <header className={classes.top}>
        <NarrowNavigation />
        <div className={classes.brand}>
          <Logo />
          <span className={classes.name}>Signalbox</span>
        </div>
        <div className={classes.tools}>
          <LiveStatus />
          {isGlobal && (
            <Boundary resetKey="" frame={() => null}>
              <Suspense>
                <TenantSwitch />
              </Suspense>
            </Boundary>
          )}
          <UnstyledButton className={classes.search} onClick={() => setOverlay("palette")}>
            <SearchIcon />
            <span className={classes.searchText}>{keys.palette}</span>
            <Kbd size="xs" className={classes.searchKey}>
              {isMac() ? "⌘K" : "Ctrl K"}
            </Kbd>
          </UnstyledButton>
          <AccountMenu onHelp={() => setOverlay("help")} />
        </div>
      </header>
      <div className={classes.side}>
        <Navigation />
      </div>
      <NavigationKeys />
      <main id="content" className={classes.main} tabIndex={-1}>
        <StatusBanner />
        {children}
      </main>
      <Overlays shown={overlay} onClose={() => setOverlay(null)} />
      <SignInDialog />
    </div>
  );
}

function Overlays({ shown, onClose }: { readonly shown: Overlay; readonly onClose: () => void }) {
  return (
    <Boundary
      resetKey={String(shown)}
      frame={(title, notice) => (
        <Dialog title={title} onClose={onClose}>
          {notice}
        </Dialog>
      )}
    >
      <Suspense>
        {shown === "palette" && <Palette onClose={onClose} />}
        {shown === "help" && <Help onClose={onClose} />}
      </Suspense>
    </Boundary>
  );
}

function NarrowNavigation() {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <ActionIcon variant="subtle" color="gray" className={classes.menu} onClick={open} aria-label={m.open} size="lg">
        <MenuIcon />
      </ActionIcon>
      <Drawer opened={opened} onClose={close} size={260} title="Signalbox" closeButtonProps={{ "aria-label": m.close }}>
        <Navigation onFollow={close} />
      </Drawer>
      {opened && <OnNavigation run={close} />}
    </>
  );
}

/** Any navigation closes the drawer, not only its own links. While it is closed, a navigation does not render it. */
function OnNavigation({ run }: { readonly run: () => void }) {
  const { pathname } = useLocation();
  const first = useRef(pathname);
  useEffect(() => {
    if (pathname !== first.current) run();
  }, [pathname, run]);
  return null;
}

function useShellKeys(show: (overlay: Overlay) => void): void {
  useShortcuts(keys.general, [
    { keys: "mod+k", label: keys.openPalette, run: () => show("palette") },
    { keys: "?", label: keys.showHelp, run: () => show("help") },
    {
      keys: "/",
      label: keys.filter,
      run: () => document.querySelector<HTMLElement>("[data-filter-field]")?.focus(),
    },
    {
      keys: "u",
      label: keys.utc,
      run: () => setPreferences({ zone: preferences().zone === "utc" ? "local" : "utc" }),
    },
  ]);
}

function isMac(): boolean {
  return /mac|iphone|ipad/i.test(navigator.platform);
}
