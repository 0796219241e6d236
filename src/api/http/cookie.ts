/** The session cookie (RFC 6265), which is the only one. */
import type { FastifyRequest } from "fastify";
import { SESSION_TOKEN_PATTERN } from "../../domain/access/session.ts";
import { SESSION_MS_MAX } from "../../domain/limits.ts";
import type { ApiDeps } from "../deps.ts";

export const SESSION_COOKIE = "signalbox_session";

/** The session's token. Null without a well-formed one, or with several: another party has set one of them then. */
export function sessionToken({ headers }: Pick<FastifyRequest, "headers">): string | null {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim());
  const [first, ...others] = pairs.filter((pair) => pair.startsWith(`${SESSION_COOKIE}=`));
  const token = first?.slice(SESSION_COOKIE.length + 1) ?? "";
  return others.length === 0 && SESSION_TOKEN_PATTERN.test(token) ? token : null;
}

/** The value of a `Set-Cookie` header. The browser keeps the cookie for the maximum lifetime of a session. */
export function cookieWith(token: string, deps: ApiDeps): string {
  return cookie(token, SESSION_MS_MAX / 1000, deps);
}

/** The value of a `Set-Cookie` header that deletes the cookie. */
export function noCookie(deps: ApiDeps): string {
  return cookie("", 0, deps);
}

function cookie(value: string, maxAgeSeconds: number, { publicUrl }: ApiDeps): string {
  const secure = publicUrl().startsWith("https:") ? "; Secure" : "";
  return `${SESSION_COOKIE}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`;
}
