/** Publishing under load, measured at both ends: the answer to the publisher, usually a 202, and the receipt. */
import { runLoad, windowOf } from "./load.ts";
import type { Receiver } from "./receiving.ts";
import type { NextRequest } from "./requests.ts";

export interface Publishing {
  readonly port: number;
  readonly receiver: Receiver;
  readonly connections: number;
  readonly next: NextRequest;
  readonly seconds: number;
  /** The time before the window begins. By default, it is long enough for a new server. */
  readonly warmUpUs?: number;
  /** Null: as fast as the server answers. */
  readonly ratePerSecond: number | null;
  /** The number of events in one request. */
  readonly events: number;
  /** The share of the events that goes to the receiver; 1 by default. */
  readonly receivedShare?: number;
  /** 202 by default. */
  readonly acceptedStatus?: number;
}

export interface Published {
  /** Events per second in the window: accepted by the server, and distinct ones that arrived at the receiver. */
  readonly acceptedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly answerP50Ms: number;
  readonly answerP99Ms: number;
  readonly receiptP50Ms: number;
  readonly receiptP99Ms: number;
  /** Over the whole load: answers with another status, repeated receipts, and accepted events that never arrived. */
  readonly refused: number;
  readonly repeats: number;
  readonly missing: number;
  readonly received: number;
}

/** If nothing arrives for this long, the rest of the accepted events counts as missing. */
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
