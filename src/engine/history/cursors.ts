/**
 * Cursors of lists and of the stream, as callers see them.
 *
 * A cursor holds a sequence number of the whole installation. In clear text it would show each tenant how much all the
 * others do, so it is encrypted with a key of this installation. The key is the same at every start, so a cursor stays
 * valid after a restart.
 */
import { type Cipheriv, createCipheriv, createDecipheriv, createHmac, type Decipheriv } from "node:crypto";

const BLOCK_BYTES = 16;
/** The last character has four spare bits, which are zero, so each cursor has exactly one spelling. */
const SEALED = /^[A-Za-z0-9_-]{21}[AQgw]$/;

export class Cursors {
  readonly #cipher: Cipheriv;
  readonly #decipher: Decipheriv;

  /** @param keyHex 32 bytes, the same at every start */
  constructor(keyHex: string) {
    const key = createHmac("sha256", Buffer.from(keyHex, "hex")).update("cursors").digest();
    // ECB is safe for a single block. A forged block decrypts to noise, which no list accepts.
    this.#cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
    this.#decipher = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false);
  }

  /** Turns at most 16 ASCII characters into 22 characters that need no escaping in a URL. Deterministic. */
  seal(text: string): string {
    const block = Buffer.alloc(BLOCK_BYTES);
    block.write(text, "latin1");
    return this.#cipher.update(block).toString("base64url");
  }

  /** Null for text that has not the form of a cursor; noise for a cursor that this installation did not seal. */
  open(sealed: string): string | null {
    if (!SEALED.test(sealed)) return null;
    const text = this.#decipher.update(Buffer.from(sealed, "base64url")).toString("latin1");
    // Only the padding is removed: noise with a zero byte in it stays noise.
    return text.replace(/\0+$/, "");
  }
}
