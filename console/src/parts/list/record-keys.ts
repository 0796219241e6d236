/** Keys on the page of one record: `n` and `p` go to its neighbours in the list that led there, `y` copies its id. */
import { useEffect } from "react";
import { keys as m } from "../../messages/en/app.ts";
import { copyText } from "../actions/copy.ts";
import { useShortcuts } from "../keys/shortcuts.ts";
import { useGo } from "../page/go.tsx";
import { usePathname } from "../page/pathname.ts";

const KEY = "signalbox.rows";

/** Remembers the pages of a list's rows for this tab. */
export function useRememberedRows(paths: readonly string[]): void {
  const text = JSON.stringify(paths);
  useEffect(() => {
    try {
      if (text !== "[]") sessionStorage.setItem(KEY, text);
    } catch {
      // Without storage there is no next and no previous row.
    }
  }, [text]);
}

/** Call it on the page of one record. */
export function useRecordKeys(id: string): void {
  const pathname = usePathname();
  const go = useGo();
  const move = (step: 1 | -1) => (): void => {
    const paths = rememberedRows();
    // The page may show a tab, whose path is longer than the row's.
    const at = paths.findIndex((path) => pathname === path || pathname.startsWith(`${path}/`));
    const next = at === -1 ? undefined : paths[at + step];
    if (next !== undefined) go({ to: next });
  };
  useShortcuts(m.thisPage, [
    { keys: "n", label: m.next, run: move(1) },
    { keys: "p", label: m.previous, run: move(-1) },
    { keys: "y", label: m.copyId, run: () => void copyText(id) },
  ]);
}

function rememberedRows(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}
