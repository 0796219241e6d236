/** A secret that was tried on another page, on its way to the form that saves it. It is only in memory, never in a URL. */

let carried: { readonly sourceId: string; readonly secret: string } | null = null;

export function carrySecret(sourceId: string, secret: string): void {
  carried = { sourceId, secret };
}

/** Empty if none was carried to this source. */
export function carriedSecret(sourceId: string): string {
  return carried?.sourceId === sourceId ? carried.secret : "";
}

export function forgetCarriedSecret(): void {
  carried = null;
}
