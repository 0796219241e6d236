/** The links to the pages, of which a role sees those that it may use. `g` and a letter goes to each. */
import { includesRole, type Role } from "@domain/access/access.ts";
import { Link } from "@tanstack/react-router";
import { keys, nav as m } from "../../messages/en/app.ts";
import { useShortcuts } from "../../parts/keys/shortcuts.ts";
import { useGo } from "../../parts/page/go.tsx";
import { useMe } from "../../session/me.ts";
import classes from "./navigation.module.css";
import { useNavigationBadges } from "./navigation-badges.tsx";

interface Item {
  readonly to: string;
  readonly label: string;
  readonly key: string;
  readonly needs: Role;
}

const ITEMS: readonly Item[] = [
  { to: "/", label: m.overview, key: "o", needs: "developer" },
  { to: "/deliveries", label: m.deliveries, key: "d", needs: "developer" },
  { to: "/events", label: m.events, key: "v", needs: "developer" },
  { to: "/endpoints", label: m.endpoints, key: "e", needs: "developer" },
  { to: "/event-types", label: m.eventTypes, key: "t", needs: "developer" },
  { to: "/pauses", label: m.pauses, key: "p", needs: "developer" },
  { to: "/inbound", label: m.inbound, key: "i", needs: "org_admin" },
  { to: "/jobs", label: m.jobs, key: "j", needs: "developer" },
  { to: "/access", label: m.access, key: "a", needs: "org_admin" },
  { to: "/settings", label: m.settings, key: "s", needs: "developer" },
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
    </nav>
  );
}
