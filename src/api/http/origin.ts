/** CSRF protection: whether a browser says that another site sent the request. Other clients do not send these headers. */
import type { FastifyRequest } from "fastify";

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);
/** The request comes from the address bar or a bookmark. */
const BY_THE_PERSON = "none";

type Request = Pick<FastifyRequest, "method" | "headers" | "host">;

/** Whether the request would change something, and a page of another site sent it. */
export function isForeignChange({ method, headers, host }: Request, publicUrl: string): boolean {
  if (SAFE_METHODS.has(method)) return false;
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
  // A proxy may terminate TLS, so the scheme is the browser's.
  return from.host === URL.parse(`${from.protocol}//${host}`)?.host;
}
