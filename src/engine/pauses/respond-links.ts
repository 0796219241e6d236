/**
 * The links through which people decide pauses.
 *
 * A token names the pause and its deadline. It is signed with a key of this installation (HMAC-SHA-256, RFC 2104), so a
 * forged token is refused without a store lookup. The comparison takes constant time.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Uuid } from "../../domain/ids.ts";
import type { Pause } from "../../domain/pauses/pause.ts";

const ID_BYTES = 16;
const EXPIRY_BYTES = 6;
const CLAIMS_BYTES = ID_BYTES + EXPIRY_BYTES;
const SIGNATURE_BYTES = 32;
/** A multiple of three, so that base64 leaves no spare bits and each token has exactly one spelling. */
const TOKEN_BYTES = CLAIMS_BYTES + SIGNATURE_BYTES;
const TOKEN = new RegExp(`^[A-Za-z0-9_-]{${(TOKEN_BYTES / 3) * 4}}$`);

export class RespondLinks {
  readonly #key: Buffer;

  /** @param keyHex 32 bytes, the same at every start */
  constructor(keyHex: string) {
    this.#key = Buffer.from(keyHex, "hex");
  }

  /** The token of a pause: 72 characters that need no escaping in a URL. */
  tokenOf({ id, expiresAt }: Pick<Pause, "id" | "expiresAt">): string {
    const claims = Buffer.alloc(CLAIMS_BYTES);
    claims.write(id.replaceAll("-", ""), "hex");
    claims.writeUIntBE(expiresAt, ID_BYTES, EXPIRY_BYTES);
    return Buffer.concat([claims, this.#sign(claims)]).toString("base64url");
  }

  /** The pause that a token is for; null when this installation did not sign the token. */
  pauseIdOf(token: string): Uuid | null {
    if (!TOKEN.test(token)) return null;
    const bytes = Buffer.from(token, "base64url");
    const claims = bytes.subarray(0, CLAIMS_BYTES);
    if (!timingSafeEqual(this.#sign(claims), bytes.subarray(CLAIMS_BYTES))) return null;
    const hex = claims.toString("hex", 0, ID_BYTES);
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as Uuid;
  }

  #sign(claims: Buffer): Buffer {
    return createHmac("sha256", this.#key).update("respond:").update(claims).digest();
  }
}
