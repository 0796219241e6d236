/** How long the parts of an attempt took, and their compact form in the store. */

/** In whole milliseconds. A part that an attempt did not have, or did not complete, is null. */
export interface Timings {
  /** The look-up of the name. Null on a reused connection, like the next two. */
  readonly dnsMs: number | null;
  readonly connectMs: number | null;
  readonly tlsMs: number | null;
  /** From the request to the first byte of the response. */
  readonly firstByteMs: number | null;
}

/** `12` on a reused connection, otherwise `12,1,3,8`: first byte, DNS, connect, TLS. Parts that are null are empty. */
export function timingsText({ firstByteMs, dnsMs, connectMs, tlsMs }: Timings): string {
  if (dnsMs === null && connectMs === null && tlsMs === null) return firstByteMs === null ? "" : String(firstByteMs);
  return [firstByteMs, dnsMs, connectMs, tlsMs].join();
}

export function parseTimings(text: string): Timings {
  const [firstByteMs = null, dnsMs = null, connectMs = null, tlsMs = null] = text
    .split(",")
    .map((part) => (part === "" ? null : Number(part)));
  return { dnsMs, connectMs, tlsMs, firstByteMs };
}
