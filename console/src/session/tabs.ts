/** What one tab tells the others of the same browser about the session that they share. */
import { useEffect, useRef } from "react";

export type SessionNews = "signed in" | "signed out";

const channel = new BroadcastChannel("signalbox-session");

export function tellTabs(news: SessionNews): void {
  channel.postMessage(news);
}

/** Calls `hear` for what another tab tells. */
export function useOtherTabs(hear: (news: SessionNews) => void): void {
  const latest = useRef(hear);
  latest.current = hear;
  useEffect(() => {
    const listener = ({ data }: MessageEvent<SessionNews>): void => latest.current(data);
    channel.addEventListener("message", listener);
    return () => channel.removeEventListener("message", listener);
  }, []);
}
