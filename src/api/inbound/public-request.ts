/** A request of somebody who only signs: handed on as it came, since a signature is over bytes. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { PublicRequest } from "../../engine/inbound/inbound-service.ts";
import type { ApiDeps } from "../deps.ts";
import type { ClientAddress } from "../http/client-address.ts";

const NOTHING = new Uint8Array(0);

/** Take bodies of every content type, also of one that is none, as bytes. */
export function installRawBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (request, payload, done) => app.readBody(request, payload, done));
  app.addHook("onRequest", (request, _reply, done) => {
    // Else Fastify refuses a malformed one; what came stands in the raw headers.
    request.headers["content-type"] = undefined;
    done();
  });
}

/** What a proxy may write before the path (RFC 9112 §3.2.2). */
const ABSOLUTE_FORM = /^https?:\/\/[^/?#]*/i;

export function publicRequestOf(
  { publicUrl }: Pick<ApiDeps, "publicUrl">,
  addressOf: ClientAddress,
  request: FastifyRequest,
): PublicRequest {
  return {
    headers: joinedHeaders(request.raw.rawHeaders),
    url: publicUrl + request.url.replace(ABSOLUTE_FORM, ""),
    body: (request.body as Buffer | undefined) ?? NOTHING,
    address: addressOf(request),
  };
}

/**
 * By lower-case name, all that came: Node drops the second of some and joins others with `; `, and then what is verified
 * would not be what was sent.
 *
 * @param raw names and values in turn
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
