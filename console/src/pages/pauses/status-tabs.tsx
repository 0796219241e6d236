/** The statuses as links, with how many pauses each has. */
import type { PauseCounts, PauseStatus } from "@signalbox/sdk";
import { pauses as m } from "../../messages/en/pauses.ts";
import { integer } from "../../parts/locale.ts";
import { Go, type Search } from "../../parts/page/go.tsx";
import classes from "./status-tabs.module.css";

interface StatusTabsProps {
  readonly statuses: readonly PauseStatus[];
  readonly current: PauseStatus;
  readonly counts: PauseCounts | undefined;
  /** The other filters, which stay. */
  readonly search: Search;
}

export function StatusTabs({ statuses, current, counts, search }: StatusTabsProps) {
  return (
    <nav aria-label={m.status} className={classes.tabs}>
      {statuses.map((status) => (
        <Go
          key={status}
          to="/pauses"
          search={{ ...search, status }}
          className={classes.tab}
          underline="never"
          aria-current={status === current ? "page" : undefined}
        >
          {m.statuses[status]}
          {counts !== undefined && <span className={classes.count}>{countText(counts[status])}</span>}
        </Go>
      ))}
    </nav>
  );
}

function countText({ count, more }: PauseCounts[PauseStatus]): string {
  return `${integer(count)}${more ? "+" : ""}`;
}
