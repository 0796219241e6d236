declare const brand: unique symbol;

/**
 * Where the next page of a list begins. The text has a meaning only for the store that made it, and only for the same
 * list of the same tenant.
 *
 * Callers of the API get cursors sealed in one cipher block, so a list's cursor has 1 to 15 characters of `0-9a-z`.
 */
export type Cursor = string & { readonly [brand]: "Cursor" };
