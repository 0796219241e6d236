/** Who changed the endpoint, and what. */
import { Stack, Text } from "@mantine/core";
import { account, page } from "../../messages/en/app.ts";
import { endpoint as m } from "../../messages/en/endpoints.ts";
import { AuditList } from "../../parts/audit/audit-list.tsx";
import { Section } from "../../parts/page/page.tsx";
import { useMay, useMe } from "../../session/me.ts";

/** The audit log takes this role. */
const NEEDS = "org_admin";

export function LogTab({ id }: { readonly id: string }) {
  const mayRead = useMay(NEEDS);
  return <Section title={m.logTitle}>{mayRead ? <AuditList filter={{ subject_id: id }} /> : <NeedsRole />}</Section>;
}

function NeedsRole() {
  const { role } = useMe();
  const needed = account.role[NEEDS];
  return (
    <Stack gap="xs">
      <Text fw={600}>{page.needsRole(needed)}</Text>
      <Text>{page.needsRoleHint(account.role[role], needed)}</Text>
    </Stack>
  );
}
