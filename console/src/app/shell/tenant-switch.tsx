/** For a `global_admin`: whose data the console shows. The choice is in the URL and goes with every request. */
import "@mantine/core/styles/Combobox.css";
import { Select } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { account as m } from "../../messages/en/app.ts";
import { useTenant } from "../../session/api.ts";
import { useMe } from "../../session/me.ts";
import { useTenantNames } from "../../session/tenant-names.ts";

export default function TenantSwitch() {
  const own = useMe().tenant.id;
  const chosen = useTenant() ?? own;
  const navigate = useNavigate();
  const { data = [] } = useTenantNames();
  if (data.length < 2 && chosen === own) return null;
  const known = data.some(({ value }) => value === chosen) ? data : [...data, { value: chosen, label: chosen }];
  return (
    <Select
      aria-label={m.tenant}
      size="xs"
      w={160}
      searchable
      limit={50}
      data={known}
      value={chosen}
      onChange={(value) => {
        if (value === null || value === chosen) return;
        // Another tenant has other ids and filters, so the list's first page is the only safe place.
        void navigate({ to: "/", search: { tenant: value === own ? undefined : value } as never });
      }}
    />
  );
}
