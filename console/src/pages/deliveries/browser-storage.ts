/** What this browser keeps for the list. Whatever it holds is checked where it is read. */
const PREFIX = "signalbox.console.";

export function readStored(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key) ?? "null");
  } catch {
    return null;
  }
}

/** A browser without storage forgets it with the tab. */
export function writeStored(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // The choice holds for this page.
  }
}
