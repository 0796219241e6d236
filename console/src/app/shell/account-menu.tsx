/** Who is signed in, and the way out. */

import { UNNAMED_TENANT } from "@domain/access/tenant.ts";
import { ActionIcon, Menu, Text } from "@mantine/core";
import { keys, account as m } from "../../messages/en/app.ts";
import { ProblemText } from "../../parts/feedback/problem-text.tsx";
import { UserIcon } from "../../parts/icons.tsx";
import { useGo } from "../../parts/page/go.tsx";
import { useMe, useSignOut } from "../../session/me.ts";

export function AccountMenu({ onHelp }: { readonly onHelp: () => void }) {
  const { email, role, tenant } = useMe();
  const go = useGo();
  const signOut = useSignOut();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={m.menu(email ?? "")}>
          <UserIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label component="div">
          {m.signedInAs}
          <Text size="sm" c="var(--mantine-color-text)" style={{ overflowWrap: "anywhere" }}>
            {email}
          </Text>
          {m.role[role]}
          {tenant.name !== UNNAMED_TENANT && ` · ${tenant.name}`}
        </Menu.Label>
        <Menu.Item onClick={() => go({ to: "/settings" })}>{m.settings}</Menu.Item>
        <Menu.Item onClick={onHelp}>{keys.help}</Menu.Item>
        <Menu.Divider />
        <Menu.Item closeMenuOnClick={false} onClick={() => signOut.mutate()}>
          {m.signOut}
        </Menu.Item>
        {signOut.error !== null && (
          <Menu.Label role="alert">
            <ProblemText error={signOut.error} />
          </Menu.Label>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
