/** Answers that stay the same while the server runs: one buffer for every reader, and none for those who have it. */
import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { markShared } from "../connections/unread-responses.ts";

export interface StaticResponse {
  readonly type: string;
  readonly bytes: Buffer;
  /** A strong one, RFC 9110 §8.8.3. */
  readonly etag: string;
}

export function staticResponse(type: string, text: string): StaticResponse {
  const bytes = Buffer.from(text);
  return { type, bytes, etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"` };
}

/** Ask again each time, which costs a head: another version of the server may have another. */
export function sendStatic(request: FastifyRequest, reply: FastifyReply, { type, bytes, etag }: StaticResponse): void {
  reply.header("etag", etag).header("cache-control", "no-cache");
  if (isKnown(request.headers["if-none-match"], etag)) {
    reply.code(304).send();
    return;
  }
  markShared(reply.raw);
  reply.type(type).send(bytes);
}

/** RFC 9110 §13.1.2; weak comparison. */
function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.trim() === "*" || ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
