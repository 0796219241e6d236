/** A download that the browser makes itself, and its progress, which the stream tells. */
import { SignalboxError } from "@signalbox/sdk";
import { useEffect, useRef, useState } from "react";
import { useLiveEvents } from "../../live/use-live.ts";

export type ExportRun =
  /** Other exports are in progress. */
  | { readonly state: "waiting"; readonly untilMs: number }
  /** `rows` is null until the stream has told something. */
  | { readonly state: "running"; readonly rows: number | null; readonly total: number | null }
  | { readonly state: "done" | "failed"; readonly rows: number }
  | { readonly state: "refused"; readonly error: unknown };

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

const RETRY_SECONDS_DEFAULT = 10;

export function useExport() {
  const [run, setRun] = useState<ExportRun | null>(null);
  const token = useRef("");
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useLiveEvents((event) => {
    if (event.type !== "export" || event.data.token !== token.current) return;
    const { state, rows, total } = event.data;
    setRun(state === "running" ? { state, rows, total } : { state, rows });
  });

  async function start(path: string, query: Query): Promise<void> {
    token.current = crypto.getRandomValues(new Uint32Array(4)).join("-");
    setRun({ state: "running", rows: null, total: null });
    const url = urlOf(path, query);
    const refusal = await ask(url);
    if (refusal === null) {
      url.searchParams.set("progress", token.current);
      download(url);
      return;
    }
    if (refusal.code !== "TOO_MANY_EXPORTS") return setRun({ state: "refused", error: refusal });
    const waitMs = (refusal.retryAfterSeconds ?? RETRY_SECONDS_DEFAULT) * 1000;
    setRun({ state: "waiting", untilMs: Date.now() + waitMs });
    timer.current = setTimeout(() => void start(path, query), waitMs);
  }

  function forget(): void {
    clearTimeout(timer.current);
    token.current = "";
    setRun(null);
  }

  return { run, start: (path: string, query: Query) => void start(path, query), forget };
}

function urlOf(path: string, query: Query): URL {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query)) {
    for (const one of [value].flat()) if (one !== undefined) url.searchParams.append(name, String(one));
  }
  return url;
}

/**
 * Why the server does not export now; null when it does. A download that is refused would become a file with the error in
 * it. HEAD starts no export, but has no body, so the reason comes from a GET that is refused as well.
 */
async function ask(url: URL): Promise<SignalboxError | null> {
  const giveUp = new AbortController();
  try {
    if ((await fetch(url, { method: "HEAD" })).ok) return null;
    const answer = await fetch(url, { signal: giveUp.signal });
    if (answer.ok) return null;
    const { error: code = "ERROR", message = answer.statusText } = (await answer.json()) as {
      readonly error?: string;
      readonly message?: string;
    };
    const after = Number(answer.headers.get("retry-after") ?? Number.NaN);
    const retryAfterSeconds = Number.isNaN(after) ? null : after;
    return new SignalboxError({ status: answer.status, code, message, retryAfterSeconds });
  } catch (cause) {
    return new SignalboxError({ status: 0, code: "NETWORK_ERROR", message: String(cause), cause });
  } finally {
    giveUp.abort();
  }
}

function download(url: URL): void {
  const link = document.createElement("a");
  link.href = url.href;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
