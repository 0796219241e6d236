/** The time left for an answer: in words, and with a shape when it gets short. */
import type { Pause } from "@signalbox/sdk";
import { pauses as m } from "../../messages/en/pauses.ts";
import { StateBadge } from "../../parts/text/state-badge.tsx";
import { duration } from "../../parts/time/format.ts";
import { useSecondsLeft } from "../../parts/time/seconds-left.ts";
import { urgencyOf } from "./urgency.ts";

export function Remaining({ pause }: { readonly pause: Pick<Pause, "created_at" | "expires_at"> }) {
  const untilMs = Date.parse(pause.expires_at);
  const leftMs = useSecondsLeft(untilMs) * 1000;
  const text = leftMs === 0 ? m.timeUp : duration(leftMs);
  switch (urgencyOf(leftMs, untilMs - Date.parse(pause.created_at))) {
    case "calm":
      return <span>{text}</span>;
    case "soon":
      return <StateBadge tone="warn" word={`${text} · ${m.soonUp}`} />;
    case "almost":
      return <StateBadge tone="bad" word={leftMs === 0 ? text : `${text} · ${m.almostUp}`} />;
  }
}
