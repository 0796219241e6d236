/** When something was: how long ago, and the exact time on hover and focus. */
import { time as m } from "../../messages/en/app.ts";
import { usePreferences } from "../preferences.ts";
import { absoluteTime, duration, relativeTime } from "./format.ts";
import { useSecondsLeft } from "./seconds-left.ts";
import { useNow } from "./ticker.ts";
import classes from "./time.module.css";

interface TimeProps {
  /** RFC 3339, or epoch milliseconds. */
  readonly at: string | number;
  /** Shows the exact time, as in details and logs. */
  readonly absolute?: boolean;
  /** The exact time has milliseconds. */
  readonly withMs?: boolean;
  /** Reachable by keyboard, so that the exact time shows on focus. For details; a list has too many. */
  readonly focusable?: boolean;
}

export function Time({ at, absolute = false, withMs = false, focusable = false }: TimeProps) {
  const ms = typeof at === "number" ? at : Date.parse(at);
  const { zone } = usePreferences();
  const ago = useNow((nowMs) => (Number.isNaN(ms) ? String(at) : relativeTime(ms, nowMs)));
  if (Number.isNaN(ms)) return <span>{ago}</span>;
  const exact = absoluteTime(ms, zone, withMs);
  return (
    <time
      dateTime={new Date(ms).toISOString()}
      className={classes.time}
      data-other={absolute ? ago : exact}
      tabIndex={focusable ? 0 : undefined}
    >
      {absolute ? exact : ago}
    </time>
  );
}

interface CountdownProps {
  readonly until: string | number;
  /** Shown instead of "0". */
  readonly ended: string;
  /** Says "in 5 min", where nothing else says that it is to come. */
  readonly isFuture?: boolean;
  /** Follows the time that is left. */
  readonly note?: string;
}

/** The time left until something. */
export function Countdown({ until, ended, isFuture = false, note = "" }: CountdownProps) {
  const seconds = useSecondsLeft(typeof until === "number" ? until : Date.parse(until));
  const left = duration(seconds * 1000);
  const shown = isFuture ? m.in(left) : left;
  return <span className={classes.countdown}>{seconds === 0 ? ended : `${shown} ${note}`.trim()}</span>;
}
