/** What every page has around it: the role that it takes, its loading state, and a boundary for its faults. */
import type { Role } from "@domain/access/access.ts";
import { Text } from "@mantine/core";
import { type ReactNode, Suspense } from "react";
import { account, page as m } from "../../messages/en/app.ts";
import { Boundary } from "../../parts/feedback/boundary.tsx";
import { LaterSkeleton } from "../../parts/feedback/later-skeleton.tsx";
import { Page } from "../../parts/page/page.tsx";
import { usePathname } from "../../parts/page/pathname.ts";
import { useMay, useMe } from "../../session/me.ts";

export function PageFrame({ needs, children }: { readonly needs: Role; readonly children: ReactNode }) {
  const pathname = usePathname();
  if (!useMay(needs)) return <NeedsRole needs={needs} />;
  return (
    <Boundary isPage resetKey={pathname}>
      <Suspense fallback={<LaterSkeleton rows={8} />}>{children}</Suspense>
    </Boundary>
  );
}

function NeedsRole({ needs }: { readonly needs: Role }) {
  const { role } = useMe();
  return (
    <Page title={m.needsRole(account.role[needs])}>
      <Text>{m.needsRoleHint(account.role[role], account.role[needs])}</Text>
    </Page>
  );
}
