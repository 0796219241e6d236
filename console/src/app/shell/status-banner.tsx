/** Above every page while the server accepts nothing: since what people type must not look lost. */
import { useQuery } from "@tanstack/react-query";
import { problem as m } from "../../messages/en/app.ts";
import classes from "./shell.module.css";

/** The stream's topic `status` reads it again at once; this is for when there is no stream. */
const CHECK_MS = 60_000;
/** While it is not ready. */
const RECHECK_MS = 5_000;

export function StatusBanner() {
  const { data = null } = useQuery({
    queryKey: ["status", "ready"],
    queryFn: ({ signal }) => readiness(signal),
    refetchInterval: ({ state }) => (typeof state.data === "string" ? RECHECK_MS : CHECK_MS),
  });
  if (data === null) return null;
  return (
    <div className={classes.banner} role="alert">
      {m.storeUnavailable} {asSentence(data)}
    </div>
  );
}

/** The reasons of `/readyz` are for logs, such as "the store cannot commit: the disk is full". */
function asSentence(reason: string): string {
  return reason === "" ? "" : `${reason[0]?.toUpperCase()}${reason.slice(1).replace(/\.$/, "")}.`;
}

/** Why the server is not ready; null if it is, and if it cannot be asked, which each page says itself. */
async function readiness(signal: AbortSignal): Promise<string | null> {
  try {
    const answer = await fetch("/readyz", { signal });
    if (answer.ok) return null;
    const { reason = "" } = (await answer.json()) as { readonly reason?: string };
    return reason;
  } catch {
    return null;
  }
}
