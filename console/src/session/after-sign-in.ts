const BASE = "/console";

/**
 * Where to go after signing in: a page of the console, never another site. The overview, if the address is not one, or is
 * that of the sign-in page.
 *
 * @param to what the sign-in page's URL asks for
 */
export function pathAfterSignIn(to: unknown, origin: string): string {
  const url = typeof to === "string" && to.startsWith(`${BASE}/`) ? URL.parse(to, origin) : null;
  const path = url === null || url.origin !== origin ? null : decoded(url.pathname);
  if (url === null || path === null || !path.startsWith(`${BASE}/`) || SIGN_IN.test(path)) return `${BASE}/`;
  return url.pathname + url.search + url.hash;
}

/** As the router matches it. */
const SIGN_IN = /^\/console\/+sign-in\/*$/i;

/** Null for what is not encoded correctly, such as `%zz`. */
function decoded(path: string): string | null {
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}
