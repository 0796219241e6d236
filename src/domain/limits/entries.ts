/**
 * The options of a cache with a limited number of entries. It grows with its content. With lru-cache's `max` in place of
 * `maxSize`, a cache allocates the memory of all its entries at once: 50 ms of CPU time per start for a server's caches.
 */
export function entriesMax(count: number): { readonly maxSize: number; readonly sizeCalculation: () => number } {
  return { maxSize: count, sizeCalculation: () => 1 };
}
