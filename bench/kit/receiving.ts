/** The receiver's process, as the benchmarks use it. */
import { once } from "node:events";
import { end, forkListening } from "./children.ts";
import { sleep } from "./clock.ts";
import type { Window } from "./load.ts";

/** Messages to the receiver's process. A `toUs` of null means no end. */
export type Asked =
  | { readonly kind: "begin"; readonly fromUs: number; readonly toUs: number | null; readonly keepsReceipts: boolean }
  | { readonly kind: "count" }
  | { readonly kind: "receipts" }
  | { readonly kind: "report" };

/** Messages from the receiver's process. */
export type Told =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "begun" }
  | { readonly kind: "counted"; readonly distinct: number }
  /** The sequence number of each event, and when it first arrived. */
  | { readonly kind: "receipts"; readonly receipts: readonly (readonly [seq: number, atUs: number])[] }
  | Reported;

interface Reported {
  readonly kind: "reported";
  /** Distinct events since `begin`. */
  readonly distinct: number;
  readonly distinctInWindow: number;
  readonly repeats: number;
  /** For events sent within the window: from when each was sent or, at a fixed rate, was due. */
  readonly receiptP50Ms: number;
  readonly receiptP99Ms: number;
}

export interface Receiver extends AsyncDisposable {
  readonly port: number;
  url(behaviour: "accept" | "silent" | "late" | "half"): string;
  /** Resets the counts, and measures within this window. `keepsReceipts` also records each receipt. */
  begin(window: Window, keepsReceipts?: boolean): Promise<void>;
  count(): Promise<number>;
  /** Waits until this many have arrived, or until none has arrived for `stalledMs`. Returns how many have. */
  arrived(expected: number, stalledMs: number): Promise<number>;
  report(): Promise<Reported>;
  /** When each event first arrived since `begin`, by its sequence number. */
  receipts(): Promise<ReadonlyMap<number, number>>;
}

const POLL_MS = 50;

export async function startReceiver(): Promise<Receiver> {
  const { child, port } = await forkListening(new URL("../receiver.ts", import.meta.url));

  async function ask<K extends Told["kind"]>(asked: Asked, kind: K): Promise<Extract<Told, { kind: K }>> {
    const answered = once(child, "message") as Promise<[Told]>;
    child.send(asked);
    const [told] = await answered;
    if (told.kind !== kind) throw new Error(`the receiver answered ${told.kind} instead of ${kind}`);
    return told as Extract<Told, { kind: K }>;
  }

  const count = async (): Promise<number> => (await ask({ kind: "count" }, "counted")).distinct;
  return {
    port,
    url: (behaviour) => `http://127.0.0.1:${port}/${behaviour}`,
    async begin({ fromUs, toUs }, keepsReceipts = false) {
      await ask({ kind: "begin", fromUs, toUs: Number.isFinite(toUs) ? toUs : null, keepsReceipts }, "begun");
    },
    count,
    async arrived(expected, stalledMs) {
      let before = -1;
      let since = performance.now();
      for (;;) {
        const now = await count();
        if (now >= expected) return now;
        if (now !== before) since = performance.now();
        else if (performance.now() - since > stalledMs) return now;
        before = now;
        await sleep(POLL_MS);
      }
    },
    async report() {
      const reported = await ask({ kind: "report" }, "reported");
      // JSON has no NaN, so percentiles without samples arrive as null.
      return {
        ...reported,
        receiptP50Ms: reported.receiptP50Ms ?? Number.NaN,
        receiptP99Ms: reported.receiptP99Ms ?? Number.NaN,
      };
    },
    receipts: async () => new Map((await ask({ kind: "receipts" }, "receipts")).receipts),
    [Symbol.asyncDispose]: () => end(child, "SIGKILL"),
  };
}
