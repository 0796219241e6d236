/** A download that the browser makes itself. The page cannot see its end, so it asks the server how far it is. */
import { type Signalbox, SignalboxError } from "@signalbox/sdk";
import { useEffect, useRef, useState } from "react";
import { wait } from "../../parts/time/wait.ts";
import { useApi } from "../../session/api.ts";

export type ExportRun =
  /** Other exports are in progress. */
  | { readonly state: "waiting"; readonly untilMs: number }
  /** `rows` is null until the server has told something. */
  | { readonly state: "running"; readonly rows: number | null; readonly total: number | null }
  | { readonly state: "done" | "failed"; readonly rows: number }
  /** The server tells nothing, or has forgotten the export. */
  | { readonly state: "unknown" }
  | { readonly state: "refused"; readonly error: unknown };

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;
type Show = (run: ExportRun) => void;

const RETRY_SECONDS_DEFAULT = 10;
/** A small export has ended soon. */
const ASK_MS_MIN = 250;
const ASK_MS_MAX = 2_000;
/** How long the server may tell nothing. */
const SILENCE_MS_MAX = 15_000;

export function useExport() {
  const api = useApi();
  const [run, setRun] = useState<ExportRun | null>(null);
  const current = useRef(new AbortController());
  useEffect(() => () => current.current.abort(), []);

  function forget(): void {
    current.current.abort();
    setRun(null);
  }

  function start(path: string, query: Query): void {
    forget();
    current.current = new AbortController();
    const { signal } = current.current;
    const show: Show = (next) => {
      if (!signal.aborted) setRun(next);
    };
    void exportOnce({ api, url: urlOf(path, query), show, signal });
  }

  return { run, start, forget };
}

interface Export {
  readonly api: Signalbox;
  readonly url: URL;
  readonly show: Show;
  /** Aborted when the person forgets the export, or leaves the page. */
  readonly signal: AbortSignal;
}

async function exportOnce(one: Export): Promise<void> {
  const { url, show, signal } = one;
  while (!signal.aborted) {
    show({ state: "running", rows: null, total: null });
    const refusal = await ask(url, signal);
    if (signal.aborted) return;
    if (refusal === null) return downloadAndFollow(one);
    if (refusal.code !== "TOO_MANY_EXPORTS") return show({ state: "refused", error: refusal });
    const waitMs = (refusal.retryAfterSeconds ?? RETRY_SECONDS_DEFAULT) * 1000;
    show({ state: "waiting", untilMs: Date.now() + waitMs });
    await wait(waitMs, signal);
  }
}

async function downloadAndFollow({ api, url, show, signal }: Export): Promise<void> {
  const token = crypto.getRandomValues(new Uint32Array(4)).join("-");
  url.searchParams.set("progress", token);
  download(url);
  let heardMs = Date.now();
  for (let waitMs = ASK_MS_MIN; ; waitMs = Math.min(waitMs * 2, ASK_MS_MAX)) {
    await wait(waitMs, signal);
    if (signal.aborted) return;
    try {
      const { state, rows, total } = await api.deliveries.getExport(token, { signal });
      show({ state, rows, total });
      if (state !== "running") return;
      heardMs = Date.now();
    } catch {
      // It has not begun, or the server cannot answer now.
      if (Date.now() - heardMs > SILENCE_MS_MAX) show({ state: "unknown" });
    }
  }
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
async function ask(url: URL, signal: AbortSignal): Promise<SignalboxError | null> {
  const giveUp = new AbortController();
  try {
    if ((await fetch(url, { method: "HEAD", signal })).ok) return null;
    const answer = await fetch(url, { signal: AbortSignal.any([signal, giveUp.signal]) });
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
