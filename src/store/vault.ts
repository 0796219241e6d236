/** The keys that are derived from the master key (HKDF, RFC 5869). One encrypts secrets at rest (AES-256-GCM). */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  randomBytes,
  sign,
  timingSafeEqual,
} from "node:crypto";

export interface Vault {
  seal(text: string): Uint8Array;
  /** Throws when the bytes were not sealed with this key. */
  open(sealed: Uint8Array): string;
  /** Stored, so that the server detects a wrong master key before it decrypts anything. */
  readonly checkValue: string;
  /** Signs the links of pauses and seals cursors; hexadecimal. */
  readonly linkKey: string;
  /** The key of this generation, which signs the receipts of decisions. */
  receiptKey(generation: number): SigningKey;
}

/** An Ed25519 key (RFC 8032). */
export interface SigningKey {
  /** Derived from the public key. */
  readonly id: string;
  /** The 32 bytes in base64. */
  readonly publicKey: string;
  /** The signature of the text's UTF-8 bytes, in base64. It is always the same for the same text. */
  sign(text: string): string;
}

/** What comes before the 32 bytes in the DER forms of an Ed25519 key (RFC 8410). */
const PRIVATE_KEY_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_KEY_PREFIX_BYTES = 12;
/** Hexadecimal digits of a key's id. */
const KEY_ID_CHARS = 32;

function signingKey(seed: Buffer): SigningKey {
  const key = createPrivateKey({ key: Buffer.concat([PRIVATE_KEY_PREFIX, seed]), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(PUBLIC_KEY_PREFIX_BYTES);
  return {
    id: createHash("sha256").update(publicKey).digest("hex").slice(0, KEY_ID_CHARS),
    publicKey: publicKey.toString("base64"),
    sign: (text) => sign(null, Buffer.from(text), key).toString("base64"),
  };
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export function createVault(masterKey: Uint8Array): Vault {
  const derive = (purpose: string) => Buffer.from(hkdfSync("sha256", masterKey, "", `signalbox:${purpose}`, 32));
  const key = derive("secrets");
  const receiptKeys = new Map<number, SigningKey>();
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
    receiptKey(generation) {
      const made = receiptKeys.get(generation) ?? signingKey(derive(`receipts:${generation}`));
      receiptKeys.set(generation, made);
      return made;
    },
  };
}

/** Compare two check values. */
export function sameCheckValue(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
