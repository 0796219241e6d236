/** Requests to the public routes. The engine gets them unparsed, since signatures are over bytes. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { PublicRequest } from "../../engine/inbound/inbound-types.ts";
import type { ApiDeps } from "../deps.ts";
import type { ClientAddress } from "../http/client-address.ts";

const NOTHING = new Uint8Array(0);

/** Accept bodies of any content type as bytes, including those with a malformed type. */
export function installRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (request, payload, done) => app.readBody(request, payload, done));
  app.addHook("onRequest", (request, _reply, done) => {
    // Otherwise Fastify refuses a malformed type. The raw headers keep the original.
    request.headers["content-type"] = undefined;
    done();
  });
}

/** Proxies may send the scheme and the host before the path (RFC 9112 §3.2.2). */
const ABSOLUTE_FORM = /^https?:\/\/[^/?#]*/i;

export function publicRequestOf(
  { publicUrl }: Pick<ApiDeps, "publicUrl">,
  addressOf: ClientAddress,
  request: FastifyRequest,
): PublicRequest {
  return {
    headers: joinedHeaders(request.raw.rawHeaders),
    url: publicUrl() + request.url.replace(ABSOLUTE_FORM, ""),
    body: (request.body as Buffer | undefined) ?? NOTHING,
    address: addressOf(request),
  };
}

/**
 * All headers by lower-case name. Node drops repeated headers of some names and joins others with `; `, so that the
 * engine would verify something other than what was sent.
 *
 * @param raw alternating names and values
 */
export function joinedHeaders(raw: readonly string[]): Readonly<Record<string, string>> {
  const headers = new Map<string, string>();
  for (let at = 0; at < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    const value = raw[at + 1] ?? "";
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}
