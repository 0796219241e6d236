/** The links to the pages, of which a role sees those that it may use. `g` and a letter goes to each. */
import { includesRole, type Role } from "@domain/access/access.ts";
import { Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { account, keys, nav as m } from "../../messages/en/app.ts";
import { useShortcuts } from "../../parts/keys/shortcuts.ts";
import { useGo } from "../../parts/page/go.tsx";
import { useMay, useMe } from "../../session/me.ts";
import classes from "./navigation.module.css";
import { useNavigationBadges } from "./navigation-badges.tsx";

interface Item {
  readonly to: string;
  readonly label: string;
  readonly key: string;
  readonly needs: Role;
}

const ITEMS: readonly Item[] = [
  { to: "/", label: m.overview, key: "o", needs: "viewer" },
  { to: "/deliveries", label: m.deliveries, key: "d", needs: "viewer" },
  { to: "/events", label: m.events, key: "v", needs: "viewer" },
  { to: "/endpoints", label: m.endpoints, key: "e", needs: "viewer" },
  { to: "/event-types", label: m.eventTypes, key: "t", needs: "viewer" },
  { to: "/pauses", label: m.pauses, key: "p", needs: "viewer" },
  { to: "/inbound", label: m.inbound, key: "i", needs: "org_admin" },
  { to: "/jobs", label: m.jobs, key: "j", needs: "viewer" },
  { to: "/access", label: m.access, key: "a", needs: "org_admin" },
  { to: "/settings", label: m.settings, key: "s", needs: "viewer" },
  { to: "/health", label: m.health, key: "h", needs: "org_admin" },
];

/** The pages that the person who is signed in may see. */
export function useNavigationItems(): readonly Item[] {
  const { role } = useMe();
  return ITEMS.filter(({ needs }) => includesRole(role as Role, needs));
}

export function NavigationKeys() {
  const go = useGo();
  const items = useNavigationItems();
  useShortcuts(
    keys.go,
    items.map(({ to, label, key }) => ({ keys: `g ${key}`, label, run: () => go({ to }) })),
  );
  return null;
}

export function Navigation({ onFollow }: { readonly onFollow?: () => void }) {
  const badges = useNavigationBadges();
  const { role } = useMe();
  const mayAct = useMay("developer");
  return (
    <nav aria-label={m.main}>
      <ul className={classes.list}>
        {useNavigationItems().map(({ to, label }) => (
          <li key={to}>
            <Link
              to={to}
              search={{}}
              className={classes.link}
              activeOptions={{ exact: to === "/", includeSearch: false }}
              activeProps={{ "aria-current": "page" }}
              onClick={onFollow}
            >
              <span>{label}</span>
              {badges[to]}
            </Link>
          </li>
        ))}
      </ul>
      {!mayAct && (
        <Text size="sm" c="dimmed" px="sm" mt="sm">
          {m.readOnly(account.role[role])}
        </Text>
      )}
    </nav>
  );
}
