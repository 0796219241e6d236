/** Responses that do not change while the server runs: one buffer for all clients, and a 304 for those that have it. */
import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { markShared } from "../connections/unread-responses.ts";

export interface StaticResponse {
  readonly type: string;
  readonly bytes: Buffer;
  /** A strong entity tag (RFC 9110 §8.8.3). */
  readonly etag: string;
}

export function staticResponse(type: string, text: string): StaticResponse {
  const bytes = Buffer.from(text);
  return { type, bytes, etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"` };
}

/** Clients revalidate each time, since another version of the server may have another response. */
export function sendStatic(request: FastifyRequest, reply: FastifyReply, { type, bytes, etag }: StaticResponse): void {
  reply.header("etag", etag).header("cache-control", "no-cache");
  if (isKnown(request.headers["if-none-match"], etag)) {
    reply.code(304).send();
    return;
  }
  markShared(reply.raw);
  reply.type(type).send(bytes);
}

/** RFC 9110 §13.1.2, with weak comparison. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
