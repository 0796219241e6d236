/** Suggest the known name that is closest to a mistyped one. */

/**
 * Longer names are not compared, because the cost grows with the product of both lengths and callers choose the name.
 */
const COMPARED_CHARS_MAX = 64;

/**
 * The known name with the smallest Levenshtein distance to `name`, ignoring letter case; the first of several equal
 * ones. Null when more than half of the longer name would have to change.
 */
export function nearest(name: string, known: readonly string[]): string | null {
  if (name.length > COMPARED_CHARS_MAX) return null;
  let best: string | null = null;
  let bestEdits = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < bestEdits && edits <= Math.max(name.length, candidate.length) / 2) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

/** The Levenshtein distance: how many letters to insert, delete or replace. */
export function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const replaced = (previous[column - 1] ?? 0) + (same ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
