/** Whether a browser says that another site sent a request. Programs say nothing, and pass. */
import type { FastifyRequest } from "fastify";

const READING = new Set(["GET", "HEAD", "OPTIONS"]);
/** From the address bar or a bookmark. */
const BY_THE_PERSON = "none";

type Asked = Pick<FastifyRequest, "method" | "headers" | "host">;

/** Whether it would change something, and comes from another site's page. */
export function isForeignChange({ method, headers, host }: Asked, publicUrl: string): boolean {
  if (READING.has(method)) return false;
  const { origin, "sec-fetch-site": site } = headers;
  if (origin === undefined && site === undefined) return false;
  if (site === "same-origin") return false;
  if (origin === undefined) return site !== BY_THE_PERSON;
  return !isOwn(origin, host, publicUrl);
}

function isOwn(origin: string, host: string, publicUrl: string): boolean {
  const from = URL.parse(origin);
  if (from === null || !/^https?:$/.test(from.protocol) || from.username !== "") return false;
  if (from.origin === new URL(publicUrl).origin) return true;
  // A proxy may speak TLS where we do not: the scheme is taken to be the browser's.
  return from.host === URL.parse(`${from.protocol}//${host}`)?.host;
}
