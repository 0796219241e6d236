/** Responses that do not change while the server runs: one buffer for all clients, and a 304 for those that have it. */
import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { markShared } from "../connections/unread-responses.ts";

export interface StaticResponse {
  readonly type: string;
  readonly bytes: Buffer;
  /** A strong entity tag (RFC 9110 §8.8.3). */
  readonly etag: string;
  /** The content coding of the bytes, if they are compressed. */
  readonly encoding?: string;
}

export function staticResponse(type: string, content: string | Buffer): StaticResponse {
  const bytes = Buffer.from(content);
  return { type, bytes, etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"` };
}

/** Clients revalidate each time, since another version of the server may have another response. */
const REVALIDATE = "no-cache";

export function sendStatic(
  request: FastifyRequest,
  reply: FastifyReply,
  { type, bytes, etag, encoding }: StaticResponse,
  cacheControl = REVALIDATE,
): void {
  reply.header("etag", etag).header("cache-control", cacheControl);
  if (encoding !== undefined) reply.header("content-encoding", encoding);
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
