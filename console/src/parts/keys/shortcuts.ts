/**
 * Keys that act. A page registers its own while it is shown. A single key never acts in a field, and can be switched
 * off; a combination with Ctrl or ⌘ always acts.
 */
import { useLayoutEffect, useRef, useSyncExternalStore } from "react";
import { preferences } from "../preferences.ts";

export interface Shortcut {
  /** `j`, `Enter`, `mod+k` (⌘ or Ctrl), or two keys in a row: `g d`. */
  readonly keys: string;
  readonly label: string;
  readonly run: () => void;
}

export interface ShortcutGroup {
  readonly title: string;
  readonly shortcuts: readonly Shortcut[];
}

/** How long the first key of two waits for the second. */
const SEQUENCE_MS = 1500;

let groups: readonly ShortcutGroup[] = [];
const listeners = new Set<() => void>();
let pending: { readonly key: string; readonly atMs: number } | null = null;

addEventListener("keydown", onKeyDown);

/** Everything that is registered now, for the help. */
export function useShortcutGroups(): readonly ShortcutGroup[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => groups,
  );
}

/**
 * Registers keys while the component is shown. The latest group that has a key wins. `run` may change at each render;
 * keys and labels may not.
 */
export function useShortcuts(title: string, shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const names = shortcuts.map(({ keys }) => keys).join();
  // Before the component is drawn, so that a key acts as soon as a person sees what it acts on.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `latest` always has the newest functions
  useLayoutEffect(() => {
    const group: ShortcutGroup = {
      title,
      shortcuts: latest.current.map((shortcut, index) => ({
        ...shortcut,
        run: () => latest.current[index]?.run(),
      })),
    };
    change([...groups, group]);
    return () => change(groups.filter((one) => one !== group));
  }, [title, names]);
}

function change(next: readonly ShortcutGroup[]): void {
  groups = next;
  for (const listener of listeners) listener();
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const key = keyOf(event);
  const isSingle = !key.startsWith("mod+");
  if (isSingle && (!preferences().singleKeys || isTyping(event.target) || isDialogOpen())) return;
  const sequence = pending !== null && event.timeStamp - pending.atMs < SEQUENCE_MS ? `${pending.key} ${key}` : null;
  pending = null;
  const found = (sequence === null ? undefined : find(sequence)) ?? find(key);
  if (found !== undefined) {
    // Enter on a link or a button is theirs.
    if (key === "Enter" && isControl(event.target)) return;
    event.preventDefault();
    found.run();
  } else if (startsSequence(key)) {
    pending = { key, atMs: event.timeStamp };
  }
}

function keyOf(event: KeyboardEvent): string {
  if (event.metaKey || event.ctrlKey) return `mod+${event.key.toLowerCase()}`;
  return event.altKey ? `alt+${event.key}` : event.key;
}

function find(keys: string): Shortcut | undefined {
  for (const { shortcuts } of groups.toReversed()) {
    const found = shortcuts.find((shortcut) => shortcut.keys === keys);
    if (found !== undefined) return found;
  }
  return undefined;
}

function startsSequence(key: string): boolean {
  return groups.some(({ shortcuts }) => shortcuts.some(({ keys }) => keys.startsWith(`${key} `)));
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit"].includes(target.type);
}

function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("a, button, summary, [role=button], [role=menuitem]");
}

function isDialogOpen(): boolean {
  return document.querySelector("[role=dialog]") !== null;
}
