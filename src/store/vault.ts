/** The keys that are derived from the master key (HKDF, RFC 5869). One encrypts secrets at rest (AES-256-GCM). */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";

export interface Vault {
  seal(text: string): Uint8Array;
  /** Throws when the bytes were not sealed with this key. */
  open(sealed: Uint8Array): string;
  /** Stored, so that the server detects a wrong master key before it decrypts anything. */
  readonly checkValue: string;
  /** Signs the links of pauses and seals cursors; hexadecimal. */
  readonly linkKey: string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createVault(masterKey: Uint8Array): Vault {
  const derive = (purpose: string) => Buffer.from(hkdfSync("sha256", masterKey, "", `signalbox:${purpose}`, 32));
  const key = derive("secrets");
  return {
    seal(text) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce);
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open(sealed) {
      const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
      const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
    },
    checkValue: createHmac("sha256", derive("check")).update("signalbox").digest("hex"),
    linkKey: derive("links").toString("hex"),
  };
}

/** Compare two check values. */
export function sameCheckValue(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
