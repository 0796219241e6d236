/** Loads that are compared with each other take turns: what else the machine does falls on all of them alike. */

export async function inTurn<K extends string, T>(
  rounds: number,
  works: Readonly<Record<K, () => Promise<T>>>,
): Promise<Readonly<Record<K, readonly T[]>>> {
  const kinds = Object.keys(works) as K[];
  const results = Object.fromEntries(kinds.map((kind) => [kind, [] as T[]])) as Record<K, T[]>;
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of kinds) results[kind].push(await works[kind]());
  }
  return results;
}
