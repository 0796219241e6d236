/**
 * The links that people decide through. A token names the pause and its deadline and is signed with a key of this
 * installation (HMAC-SHA-256, RFC 2104), so that a forged one is refused without looking at the store, in a time that
 * tells nothing about how far it was right.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Uuid } from "../../domain/ids.ts";
import type { Pause } from "../../domain/pauses/pause.ts";

export interface RespondLinks {
  /** 72 characters that need no escape in a URL. */
  tokenOf(pause: Pick<Pause, "id" | "expiresAt">): string;
  /** The pause that a token is for; null when the token is not ours. */
  read(token: string): Uuid | null;
}

const ID_BYTES = 16;
const EXPIRY_BYTES = 6;
const SIGNATURE_BYTES = 32;
/** A multiple of three: base64 of it has no spare bits, so a token has one spelling. */
const TOKEN_BYTES = ID_BYTES + EXPIRY_BYTES + SIGNATURE_BYTES;
const TOKEN = new RegExp(`^[A-Za-z0-9_-]{${(TOKEN_BYTES / 3) * 4}}$`);

/** @param keyHex 32 bytes, the same at every start */
export function createRespondLinks(keyHex: string): RespondLinks {
  const key = Buffer.from(keyHex, "hex");
  const sign = (claims: Buffer): Buffer => createHmac("sha256", key).update("respond:").update(claims).digest();

  return {
    tokenOf({ id, expiresAt }) {
      const claims = Buffer.alloc(ID_BYTES + EXPIRY_BYTES);
      claims.write(id.replaceAll("-", ""), "hex");
      claims.writeUIntBE(expiresAt, ID_BYTES, EXPIRY_BYTES);
      return Buffer.concat([claims, sign(claims)]).toString("base64url");
    },
    read(token) {
      if (!TOKEN.test(token)) return null;
      const bytes = Buffer.from(token, "base64url");
      const claims = bytes.subarray(0, ID_BYTES + EXPIRY_BYTES);
      if (!timingSafeEqual(sign(claims), bytes.subarray(ID_BYTES + EXPIRY_BYTES))) return null;
      const hex = claims.toString("hex", 0, ID_BYTES);
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Uuid;
    },
  };
}
