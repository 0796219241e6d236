/** The parts of access. A role sees those that it may use. */
import { Group } from "@mantine/core";
import { access as m } from "../../messages/en/access.ts";
import { Go } from "../../parts/page/go.tsx";
import { useMay } from "../../session/me.ts";
import classes from "./access.module.css";

type Part = "keys" | "users" | "tenants" | "audit";

export function AccessTabs({ here }: { readonly here: Part }) {
  const seesTenants = useMay("global_admin");
  const parts: readonly Part[] = seesTenants ? ["keys", "users", "tenants", "audit"] : ["keys", "users", "audit"];
  return (
    <nav aria-label={m.sections}>
      <Group gap="xs" mb="md" className={classes.tabs}>
        {parts.map((part) => (
          <Go
            key={part}
            to={`/access/${part}`}
            className={classes.tab ?? ""}
            aria-current={part === here ? "page" : undefined}
            underline="never"
          >
            {m[part]}
          </Go>
        ))}
      </Group>
    </nav>
  );
}
