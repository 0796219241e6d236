/**
 * Where a list or the stream goes on, as callers see it. Inside it is a sequence of the whole installation: shown as it
 * is, it would tell each tenant how much all the others do. So it is sealed with a key of this installation, and what
 * was sealed before a restart can be opened after it.
 */
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";

export interface Cursors {
  /** At most 16 ASCII characters become 22 that need no escape in a URL; the same ones every time. */
  seal(text: string): string;
  /** Null when it has not the form; noise when it was not sealed here. */
  open(sealed: string): string | null;
}

const BLOCK_BYTES = 16;
/** The last character has four spare bits, which are zero: what is sealed has one spelling. */
const SEALED = /^[A-Za-z0-9_-]{21}[AQgw]$/;

/** @param keyHex 32 bytes, the same at every start */
export function createCursors(keyHex: string): Cursors {
  const key = createHmac("sha256", Buffer.from(keyHex, "hex")).update("cursors").digest();
  // AES of one block and no more: there is nothing to chain, and a forged block opens to noise that no list takes.
  const cipher = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
  const decipher = createDecipheriv("aes-256-ecb", key, null).setAutoPadding(false);
  return {
    seal(text) {
      const block = Buffer.alloc(BLOCK_BYTES);
      block.write(text, "latin1");
      return cipher.update(block).toString("base64url");
    },
    open(sealed) {
      if (!SEALED.test(sealed)) return null;
      const text = decipher.update(Buffer.from(sealed, "base64url")).toString("latin1");
      // Only the padding goes: noise with a zero byte in it stays noise.
      return text.replace(/\0+$/, "");
    },
  };
}
