/** Publishing under load, measured at both ends: the answer, which is a 202 most often, and the receiver. */
import { runLoad, windowOf } from "./load.ts";
import type { Receiver } from "./receiving.ts";
import type { NextRequest } from "./requests.ts";

export interface Publishing {
  readonly port: number;
  readonly receiver: Receiver;
  readonly connections: number;
  readonly next: NextRequest;
  readonly seconds: number;
  /** Before anything is measured; long enough for a new server when left out. */
  readonly warmUpUs?: number;
  /** Null: as fast as the answers come. */
  readonly ratePerSecond: number | null;
  /** Of one request. */
  readonly events: number;
  /** The share of them that goes to the receiver; 1 when left out. */
  readonly receivedShare?: number;
  /** 202 when left out. */
  readonly acceptedStatus?: number;
}

export interface Published {
  /** Events that were accepted in the window, and distinct ones that the receiver got in it, per second. */
  readonly acceptedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly answerP50Ms: number;
  readonly answerP99Ms: number;
  readonly receiptP50Ms: number;
  readonly receiptP99Ms: number;
  /** Over the whole load: answers that were another, receipts that were repeats, events accepted and never received. */
  readonly refused: number;
  readonly repeats: number;
  readonly missing: number;
  readonly received: number;
}

/** What has been accepted and does not arrive for so long is counted as missing. */
const STALLED_MS = 5000;

export async function measurePublishing(publishing: Publishing): Promise<Published> {
  const { receiver, seconds, events } = publishing;
  const window = windowOf(seconds, publishing.warmUpUs);
  await receiver.begin(window);
  const loaded = await runLoad({ ...publishing, window });
  const expected = Math.floor(loaded.accepted * events * (publishing.receivedShare ?? 1));
  await receiver.arrived(expected, STALLED_MS);
  const report = await receiver.report();
  return {
    acceptedPerSecond: (loaded.acceptedInWindow * events) / seconds,
    deliveredPerSecond: report.distinctInWindow / seconds,
    answerP50Ms: loaded.answerUs.percentile(0.5) / 1000,
    answerP99Ms: loaded.answerUs.percentile(0.99) / 1000,
    receiptP50Ms: report.receiptP50Ms,
    receiptP99Ms: report.receiptP99Ms,
    refused: loaded.refused,
    repeats: report.repeats,
    missing: Math.max(0, expected - report.distinct),
    received: report.distinct,
  };
}
