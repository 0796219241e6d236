/** Runs loads in turn, so that other work on the machine affects all of them equally. */

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
