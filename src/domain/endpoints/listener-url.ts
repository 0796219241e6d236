/** What stands for a URL where an endpoint has none: `listener:orders`, and with an attempt who made it. */

const SCHEME = "listener:";
/** Between a listener and the reader that made an attempt. */
export const VIA = "?via=";

export function listenerUrl(name: string): string {
  return SCHEME + name;
}

/** Where an attempt went, and the reader that made it; null for one that went to a URL. */
export function attemptTarget(url: string): { readonly url: string; readonly via: string | null } {
  const at = url.startsWith(SCHEME) ? url.lastIndexOf(VIA) : -1;
  return at < 0 ? { url, via: null } : { url: url.slice(0, at), via: url.slice(at + VIA.length) };
}
