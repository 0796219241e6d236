/** The nearest known name to a mistyped one. */

/** Longer names are not compared: the cost is the product of both lengths, and the name comes from a caller. */
const COMPARED_CHARS_MAX = 64;

/**
 * The known name that needs the fewest single-character edits (Levenshtein distance, letter case ignored) to become
 * `name`; the first of several. Null when none is near: more than half of the longer name would have to change.
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

function editDistance(from: string, to: string): number {
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
