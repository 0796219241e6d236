/** The public keys of receipts: from the API, and cached for a program that verifies. */
import { type CallOptions, Transport, waitForReal } from "../http.ts";
import { RECEIPT_KEYS_AGAIN_MS, RECEIPT_KEYS_CACHE_MS, RETRIES_MAX } from "../limits.ts";
import { checkOptionalFunction, checkString } from "../options.ts";
import type { ReceiptKey } from "./receipt.ts";

/** The keys that sign receipts. */
export class ReceiptKeys {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** All keys, the newest first. Everybody may read them. */
  list(options?: CallOptions): Promise<readonly ReceiptKey[]> {
    return listKeys(this.#transport, options);
  }

  /** Sign later receipts with a new key. It needs the role `global_admin`. */
  async rotate(options?: CallOptions): Promise<ReceiptKey> {
    const call = { method: "POST", path: "/v1/receipt-keys/rotate", signal: options?.signal } as const;
    return (await this.#transport.call<ReceiptKey>(call)).body;
  }
}

async function listKeys(transport: Transport, options?: CallOptions): Promise<readonly ReceiptKey[]> {
  const call = { method: "GET", path: "/.well-known/signalbox-keys", signal: options?.signal } as const;
  return (await transport.call<{ readonly keys: readonly ReceiptKey[] }>(call)).body.keys;
}

/** Finds the keys among which the one of a receipt must be. */
export type ReceiptKeySource = (keyId: string) => Promise<readonly ReceiptKey[]>;

export interface ReceiptKeysOptions {
  /** Default: the runtime's `fetch`. */
  readonly fetch?: typeof fetch;
}

/**
 * The keys of a server, for `verifyDecision`. They are read when they are first needed, and again after five minutes or for
 * a receipt with a new key. Make one source for each server, and keep it. It needs no API key.
 *
 * The source rejects with a `SignalboxError` if the server does not respond.
 *
 * @param url the address that you trust, never one that comes with a receipt
 */
export function receiptKeysOf(url: string, options: ReceiptKeysOptions = {}): ReceiptKeySource {
  checkString("url", url);
  checkOptionalFunction("fetch", options.fetch);
  const { fetch = globalThis.fetch } = options;
  const transport = new Transport({ url, apiKey: null, fetch, wait: waitForReal, retriesMax: RETRIES_MAX });
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<readonly ReceiptKey[]> | null = null;
  const read = () => {
    readAtMs = performance.now();
    const keys = listKeys(transport);
    reading = keys;
    keys.catch(() => {
      if (reading === keys) reading = null;
    });
    return keys;
  };
  return async (keyId) => {
    if (reading === null || performance.now() - readAtMs >= RECEIPT_KEYS_CACHE_MS) return read();
    const keys = await reading;
    const isKnown = keys.some((key) => key.key_id === keyId);
    return isKnown || performance.now() - readAtMs < RECEIPT_KEYS_AGAIN_MS ? keys : read();
  };
}
