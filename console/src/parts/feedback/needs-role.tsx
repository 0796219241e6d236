import type { Role } from "@domain/access/access.ts";
import { Stack, Text } from "@mantine/core";
import { account, page as m } from "../../messages/en/app.ts";
import { useMe } from "../../session/me.ts";

/** In place of a part of a page, for a person who may not use it. */
export function NeedsRole({ needs }: { readonly needs: Role }) {
  const { role } = useMe();
  return (
    <Stack gap="xs">
      <Text fw={600}>{m.needsRole(account.role[needs])}</Text>
      <Text>{m.needsRoleHint(account.role[role], account.role[needs])}</Text>
    </Stack>
  );
}
