/** The shell around every page, once it is known who is signed in. Without a session, the sign-in page. */
import { SignalboxError } from "@signalbox/sdk";
import { useQuery } from "@tanstack/react-query";
import { Outlet, useLocation, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { LaterSkeleton } from "../parts/feedback/later-skeleton.tsx";
import { Problem } from "../parts/feedback/problem.tsx";
import { meQuery } from "../session/me.ts";
import classes from "./shell.module.css";
import { Shell } from "./shell.tsx";

export function SignedIn() {
  const me = useQuery(meQuery);
  if (me.data !== undefined) {
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
