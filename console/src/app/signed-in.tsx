/** The shell around every page, once it is known who is signed in. Without a session, the sign-in page. */
import { includesRole, type Role } from "@domain/access/access.ts";
import { Button, Stack, Text } from "@mantine/core";
import { SignalboxError } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { account, page } from "../messages/en/app.ts";
import { LaterSkeleton } from "../parts/feedback/later-skeleton.tsx";
import { Problem } from "../parts/feedback/problem.tsx";
import { Page } from "../parts/page/page.tsx";
import { useTenant } from "../session/api.ts";
import { meQuery } from "../session/me.ts";
import classes from "./shell/shell.module.css";
import { Shell } from "./shell/shell.tsx";

export function SignedIn() {
  const me = useQuery(meQuery);
  const tenant = useTenant();
  if (me.data !== undefined) {
    if (tenant !== undefined && !includesRole(me.data.role as Role, "global_admin")) {
      // A key of its own: what is shown for one tenant must act again for the next.
      return <OtherTenant key={tenant} isOwn={tenant === me.data.tenant.id} role={me.data.role as Role} />;
    }
    return (
      <Shell>
        <Outlet />
      </Shell>
    );
  }
  if (me.error instanceof SignalboxError && me.error.status === 401) {
    return <ToSignIn />;
  }
  return (
    <main className={classes.alone}>
      {me.error === null ? (
        <LaterSkeleton rows={6} />
      ) : (
        <Problem error={me.error} onRetry={() => void me.refetch()} isRetrying={me.isFetching} />
      )}
    </main>
  );
}

/** Only a global admin may name a tenant. For everybody else, not even the shell asks for anything. */
function OtherTenant({ isOwn, role }: { readonly isOwn: boolean; readonly role: Role }) {
  const { pathname, search } = useLocation();
  const navigate = useNavigate();
  const own = { to: pathname, search: { ...search, tenant: undefined } as never };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once
  useEffect(() => {
    if (isOwn) void navigate({ ...own, replace: true });
  }, []);
  if (isOwn) return null;
  return (
    <main className={classes.alone}>
      <Page title={page.needsRole(account.role.global_admin)}>
        <Stack align="flex-start">
          <Text>{page.otherTenant(account.role[role])}</Text>
          <Button onClick={() => void navigate({ to: "/", search: { tenant: undefined } as never })}>
            {page.ownTenant}
          </Button>
        </Stack>
      </Page>
    </main>
  );
}

/** Once: the path changes while the sign-in page opens, and must not become part of its own `to`. */
function ToSignIn() {
  const { href } = useLocation();
  const navigate = useNavigate();
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    void navigate({ to: "/sign-in", search: { to: `/console${href}` }, replace: true });
  }, []);
  return null;
}
