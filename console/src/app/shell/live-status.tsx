/** Whether the page follows the server by itself, in words. */

import { useLiveState } from "../../live/use-live.ts";
import { live as m } from "../../messages/en/app.ts";
import { usePreferences } from "../../parts/preferences.ts";
import { clockTime } from "../../parts/time/format.ts";
import classes from "./live-status.module.css";

export function LiveStatus() {
  const state = useLiveState();
  const { zone } = usePreferences();
  const word = {
    connecting: m.connecting,
    live: m.live,
    paused: m.paused,
    polling: state.kind === "polling" ? m.polling(clockTime(state.sinceMs, zone)) : "",
  }[state.kind];
  return (
    <span className={classes.status} data-state={state.kind} role="status">
      <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
        <circle cx="5" cy="5" r="4" fill={state.kind === "live" ? "currentColor" : "none"} stroke="currentColor" />
      </svg>
      <span className={state.kind === "live" || state.kind === "connecting" ? classes.quiet : classes.long}>
        {word}
      </span>
      {state.kind === "polling" && (
        <span className={classes.short} aria-hidden="true" title={word}>
          {m.notLive}
        </span>
      )}
    </span>
  );
}
