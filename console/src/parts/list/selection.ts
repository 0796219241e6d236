/** Which rows of a list are selected. Another page of the list, or another filter, starts with none. */
import { useState } from "react";

export interface Selection {
  readonly keys: readonly string[];
  has(key: string): boolean;
  toggle(key: string): void;
  setAll(keys: readonly string[]): void;
}

/** @param resetKey another key forgets the selection */
export function useSelection(resetKey = ""): Selection {
  const [state, setState] = useState<{ readonly resetKey: string; readonly keys: readonly string[] }>({
    resetKey,
    keys: [],
  });
  const keys = state.resetKey === resetKey ? state.keys : [];
  const set = (next: readonly string[]) => setState({ resetKey, keys: next });
  return {
    keys,
    has: (key) => keys.includes(key),
    toggle: (key) => set(keys.includes(key) ? keys.filter((one) => one !== key) : [...keys, key]),
    setAll: set,
  };
}
