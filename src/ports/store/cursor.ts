/** Where a list goes on. */

declare const brand: unique symbol;

/**
 * Where a list or a walk goes on: text that a store makes and that only the same store reads. It holds for that list and
 * that tenant alone.
 *
 * Callers of the API see cursors sealed, so one of a list has 1 to 15 characters, each of `0-9a-z`.
 */
export type Cursor = string & { readonly [brand]: "Cursor" };
