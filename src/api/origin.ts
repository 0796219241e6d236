/** Whether a browser says that another site sent a request. Programs say nothing, and pass. */
import type { FastifyRequest } from "fastify";

const READING = new Set(["GET", "HEAD", "OPTIONS"]);
/** `none`: the person alone, from the address bar or a bookmark. */
const OWN_SITES = new Set(["same-origin", "none"]);

type Asked = Pick<FastifyRequest, "method" | "headers" | "host">;

/** Whether it would change something, and comes from another site's page. */
export function isForeignChange({ method, headers, host }: Asked, publicUrl: string): boolean {
  if (READING.has(method)) return false;
  const { origin, "sec-fetch-site": site } = headers;
  if (origin === undefined && site === undefined) return false;
  if (typeof site === "string" && OWN_SITES.has(site)) return false;
  return origin === undefined || !isOwn(origin, host, publicUrl);
}

function isOwn(origin: string, host: string, publicUrl: string): boolean {
  const from = URL.parse(origin);
  if (from === null || from.host === "") return false;
  if (from.origin === new URL(publicUrl).origin) return true;
  // A proxy may speak TLS where we do not: the scheme is taken to be the browser's.
  return from.host === URL.parse(`${from.protocol}//${host}`)?.host;
}
