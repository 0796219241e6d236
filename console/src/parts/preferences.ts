/** What a reader chose for this browser. Kept in its storage; a browser without one forgets it with the tab. */
import { useSyncExternalStore } from "react";

export interface Preferences {
  readonly theme: "auto" | "light" | "dark";
  readonly zone: "local" | "utc";
  /** Whether single keys act (WCAG 2.1.4). */
  readonly singleKeys: boolean;
  readonly density: "comfortable" | "compact";
}

const KEY = "signalbox.console";
const DEFAULTS: Preferences = { theme: "auto", zone: "local", singleKeys: true, density: "comfortable" };
const CHOICES: { readonly [Name in keyof Preferences]: readonly Preferences[Name][] } = {
  theme: ["auto", "light", "dark"],
  zone: ["local", "utc"],
  singleKeys: [true, false],
  density: ["comfortable", "compact"],
};

let current = read();
const listeners = new Set<() => void>();

addEventListener("storage", (event) => {
  if (event.key === KEY) apply(read());
});

export function preferences(): Preferences {
  return current;
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, preferences);
}

export function setPreferences(changes: Partial<Preferences>): void {
  apply({ ...current, ...changes });
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // The browser refuses storage, for example in a private window. The choice holds for this tab.
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function apply(next: Preferences): void {
  current = next;
  for (const listener of listeners) listener();
}

function read(): Preferences {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    return { ...DEFAULTS, ...valid(stored) };
  } catch {
    return DEFAULTS;
  }
}

/** Another version, or a person, may have stored something else. */
function valid(stored: unknown): Partial<Preferences> {
  if (typeof stored !== "object" || stored === null) return {};
  const values = new Map(Object.entries(stored));
  const allowed = Object.entries(CHOICES).filter(([name, choices]) => choices.includes(values.get(name) as never));
  return Object.fromEntries(allowed.map(([name]) => [name, values.get(name)]));
}
