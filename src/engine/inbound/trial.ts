/** Tries another secret, or other options, of a source on what was refused. Nothing is stored. */
import type { Uuid } from "../../domain/ids.ts";
import type { Rejection } from "../../domain/inbound/request.ts";
import type { Source } from "../../domain/inbound/source.ts";
import { REFUSED_KEPT_COUNT_MAX, REPROCESS_STEP_ROWS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Cursor, InboundRecord, RejectedPage, Store } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";
import { isUnavailable } from "../scheduling/batcher.ts";
import type { Outage } from "../upkeep/outage.ts";
import { recordFault } from "./explain/explainer.ts";
import type { SourceTrial, TrialOutput } from "./inbound-types.ts";
import { type Failed, verifyAgain } from "./reprocessing.ts";

export interface TrialOptions {
  readonly clock: Clock;
  readonly store: Pick<Store, "getSource" | "getInbound" | "getCredentials" | "listRejected">;
  readonly outage: Pick<Outage, "report">;
  readonly publicUrl: () => string;
}

/** Enough steps for all that a source keeps. */
const STEPS_MAX = REFUSED_KEPT_COUNT_MAX / REPROCESS_STEP_ROWS;

export async function tryOn(
  options: TrialOptions,
  { tenantSeq }: Caller,
  sourceId: Uuid,
  trial: SourceTrial,
): Promise<TrialOutput> {
  const { clock, store } = options;
  const source = await store.getSource(tenantSeq, sourceId);
  if (source === null) return { kind: "unknownSource" };
  const changed = changedBy(source, trial, clock.now());
  if (trial.recordId !== null) {
    const record = await store.getInbound(tenantSeq, trial.recordId);
    const isTheirs = record !== null && record.sourceId === sourceId && !record.valid;
    return isTheirs ? tryOne(options, changed, record) : { kind: "unknownRecord" };
  }
  return tryAll(options, changed);
}

/** As if it had been changed now, so that the refusals at the receipt do not count. */
function changedBy(source: Source, { secret, hmac }: SourceTrial, now: number): Source {
  return {
    ...source,
    ...(secret !== null && { secret, previousSecret: null }),
    ...(hmac !== null && { hmac }),
    updatedAt: now,
  };
}

async function tryOne(options: TrialOptions, source: Source, record: InboundRecord): Promise<TrialOutput> {
  const failed = await verify(options, source, record);
  return {
    kind: "tried",
    verified: failed === null ? 1 : 0,
    failed: new Map(failed === null ? [] : [[failed.reason, 1]]),
    explanation: failed === null ? null : failed.explain(),
    more: false,
  };
}

async function tryAll(options: TrialOptions, source: Source): Promise<TrialOutput> {
  let verified = 0;
  const failed = new Map<Rejection, number>();
  let cursor: Cursor | null = null;
  for (let step = 0; step < STEPS_MAX; step++) {
    const page: RejectedPage = await options.store.listRejected(
      source.tenantSeq,
      source.id,
      cursor,
      REPROCESS_STEP_ROWS,
    );
    for (const record of page.records) {
      const reason = await whyNot(options, source, record);
      if (reason === null) verified += 1;
      else failed.set(reason, (failed.get(reason) ?? 0) + 1);
    }
    cursor = page.next;
    if (cursor === null) break;
  }
  return { kind: "tried", verified, failed, explanation: null, more: cursor !== null };
}

/** A bug that one record triggers must not stop the others. */
async function whyNot(options: TrialOptions, source: Source, record: InboundRecord): Promise<Rejection | null> {
  try {
    return (await verify(options, source, record))?.reason ?? null;
  } catch (error) {
    if (isUnavailable(error)) throw error;
    options.outage.report(recordFault(record, error));
    return record.rejection ?? "source_unusable";
  }
}

/** Null when the record verifies. */
async function verify(
  { clock, store, publicUrl }: TrialOptions,
  source: Source,
  record: InboundRecord,
): Promise<Failed | null> {
  const none = { kind: "none" } as const;
  const credentials = source.scheme === "basic" ? ((await store.getCredentials(record.id)) ?? none) : none;
  const result = verifyAgain({ record, source, credentials, publicUrl: publicUrl(), now: clock.now() });
  return result.kind === "failed" ? result : null;
}
