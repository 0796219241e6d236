/** Requests at the public routes: verified, recorded, turned into events; and what is refused, kept apart. */

import type { Event } from "../../domain/delivery/event.ts";
import { cameThrough } from "../../domain/delivery/loops.ts";
import { StoreUnavailable } from "../../domain/errors.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { InboundRequest } from "../../domain/inbound/request.ts";
import type { Source } from "../../domain/inbound/source.ts";
import {
  GROUP_BYTES_MAX,
  GROUP_DELIVERIES_MAX,
  PUBLISH_QUEUE_BYTES_MAX,
  REFUSED_BODY_BYTES_MAX,
} from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { InboundKind, RawRequest, Receive, ReceiveResult, Refuse, Store } from "../../ports/store.ts";
import type { Claims } from "../delivery/claims.ts";
import { Batcher } from "../scheduling/batcher.ts";
import type { Outage } from "../upkeep/outage.ts";
import { idDigest } from "./digests.ts";
import type { AnyAnswer, PauseStatusAnswer, PublicRequest } from "./inbound-service.ts";
import { contentDigest } from "./json/jcs.ts";
import { keptCredentials, keptHeaders } from "./kept-headers.ts";
import type { KnownSources } from "./known-sources.ts";
import { hopsOf } from "./loops.ts";
import { faultsText, notificationOf, readFacts, shownText } from "./pause-status.ts";
import { readRequest } from "./payload/read.ts";
import type { Refusals } from "./refusals.ts";
import { createVerify, type Refused, verifyAny, verifyPauseStatus } from "./verify-record.ts";

export interface Receiving {
  pauseStatus(request: PublicRequest): Promise<PauseStatusAnswer>;
  atSource(sourceId: Uuid, request: PublicRequest): Promise<AnyAnswer>;
  drained(): Promise<void>;
}

export interface ReceivingOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly outage: Outage;
  readonly claims: Pick<Claims, "wake">;
  readonly sources: KnownSources;
  readonly refusals: Refusals;
  /** Whether the sources of the settings are there: until then nobody can be told that theirs is unknown. */
  readonly isOpen: () => boolean;
}

/** What a record takes in a group commit beside its body, roughly: it is stored, and again as an event. */
const ROW_BYTES = 600;

const UNAUTHORIZED = { kind: "unauthorized" } as const;
const TOO_MANY = { kind: "tooMany" } as const;

export function createReceiving({
  clock,
  store,
  outage,
  claims,
  sources,
  refusals,
  isOpen,
}: ReceivingOptions): Receiving {
  const bounds = {
    rowsMax: GROUP_DELIVERIES_MAX,
    bytesMax: GROUP_BYTES_MAX,
    onFailure(error: unknown) {
      outage.report(error);
      return Promise.resolve("giveUp" as const); // the sender is told 503, and sends it again
    },
  };
  const verify = createVerify(clock, refusals);
  const received = new Batcher<Receive, ReceiveResult>({
    ...bounds,
    carryOut: (batch) => store.receive(batch),
    queueBytesMax: PUBLISH_QUEUE_BYTES_MAX,
    tenantOf: ({ tenantSeq }) => tenantSeq,
  });
  const refused = new Batcher<Refuse, void>({
    ...bounds,
    carryOut: (batch) => store.refuse(batch).then(() => batch.map(() => undefined)),
  });

  function weightOf({ raw, event }: { readonly raw: RawRequest; readonly event?: Event | null }) {
    return { rows: 2, bytes: ROW_BYTES + raw.body.byteLength + (event?.payload.length ?? 0) };
  }

  async function receive(request: Receive): Promise<Exclude<ReceiveResult, { kind: "broken" }>> {
    const weight = weightOf(request);
    if (weight.bytes > received.allowance(request.tenantSeq)) {
      throw new StoreUnavailable("too many of the tenant's requests are waiting to be committed");
    }
    const result = await received.add(request, weight);
    if (result.kind === "broken") throw new Error(result.message);
    if (result.kind === "received") claims.wake(result.woken);
    return result;
  }

  async function keep(request: PublicRequest, { source, ...what }: Refused): Promise<void> {
    const bodyBytes = request.body.byteLength;
    const body = source === null ? request.body.subarray(0, REFUSED_BODY_BYTES_MAX) : request.body;
    const element: Refuse = {
      ...what,
      id: clock.uuid(),
      source: source === null ? null : { seq: source.seq, tenantSeq: source.tenantSeq },
      raw: rawOf({ ...request, body }, source),
      credentials: keptCredentials(request.headers, source),
      bodyBytes,
      address: request.address,
      now: clock.now(),
    };
    await refused.add(element, weightOf(element));
  }

  async function pauseStatus(request: PublicRequest): Promise<PauseStatusAnswer> {
    if (!isOpen()) throw new StoreUnavailable("the server is starting");
    const verdict = await verify(request, (look) => verifyPauseStatus(sources, look, request));
    if (verdict.kind === "tooMany") return TOO_MANY;
    if (verdict.kind === "refused") {
      await keep(request, verdict.refused);
      const { rejection, explanation } = verdict.refused;
      return rejection === "body_unreadable" ? { kind: "unreadable", message: explanation } : answerTo(verdict.refused);
    }
    const { source, now, fields } = verdict;
    const stated = readFacts(fields);
    if (stated.kind === "invalid") {
      const shown = { sourceName: source.name, eventType: shownText(fields.event_type) };
      const what = { kind: "pauseStatus", source, ...shown, explanation: faultsText(stated.faults) } as const;
      if (refusals.failed(request.address, 0)) await keep(request, { ...what, rejection: "fields_invalid" });
      return stated;
    }
    const id = clock.uuid();
    const { facts, eventType } = stated;
    const event = notificationOf({ id: clock.uuid(), recordId: id, source, facts, hops: hopsOf(request), now });
    const result = await receive({
      ...recordOf(id, "pauseStatus", source, request, now),
      eventType,
      facts,
      digest: contentDigest(request.body),
      event,
    });
    if (result.kind === "quotaExceeded") return result;
    return result.kind === "repeated"
      ? {
          ...result,
          kind: "received",
          direction: result.direction ?? "NONE",
          notified: result.triggered,
          duplicate: true,
        }
      : { kind: "received", id, direction: facts.direction, notified: event !== null, duplicate: false };
  }

  async function atSource(sourceId: Uuid, request: PublicRequest): Promise<AnyAnswer> {
    if (!isOpen()) throw new StoreUnavailable("the server is starting");
    const verdict = await verify(request, (look) => verifyAny(sources, look, request, sourceId));
    if (verdict.kind === "tooMany") return TOO_MANY;
    if (verdict.kind === "refused") {
      await keep(request, verdict.refused);
      return answerTo(verdict.refused);
    }
    const { source, now } = verdict;
    const { eventType, payload, deliveryId, challenge } = readRequest(source, request);
    if (challenge !== null) return { kind: "challenge", challenge };
    const id = clock.uuid();
    const eventId = clock.uuid();
    const event = { id: eventId, tenantId: source.tenantId, type: eventType, payload, acceptedAt: now, pauseId: null };
    const result = await receive({
      ...recordOf(id, "any", source, request, now),
      eventType,
      facts: null,
      digest: digestOf(source, request, deliveryId),
      event: cameThrough(event, hopsOf(request)),
    });
    if (result.kind === "quotaExceeded") return result;
    return result.kind === "repeated"
      ? { kind: "received", id: result.id, eventId: result.eventId ?? eventId, duplicate: true }
      : { kind: "received", id, eventId, duplicate: false };
  }

  return {
    pauseStatus,
    atSource,
    async drained() {
      await Promise.all([received.drained(), refused.drained()]);
    },
  };
}

/** Nobody learns why a request is not verified. The sender of a verified one learns of the loop. */
function answerTo({ rejection, explanation }: Refused) {
  return rejection === "loop_detected" ? ({ kind: "looped", message: explanation } as const) : UNAUTHORIZED;
}

function recordOf(id: Uuid, kind: InboundKind, source: Source, request: PublicRequest, now: number) {
  const { seq: sourceSeq, tenantSeq, name: sourceName } = source;
  return { id, kind, sourceSeq, tenantSeq, sourceName, raw: rawOf(request, source), address: request.address, now };
}

/** Of exactly their own size: a piece of a pooled buffer would take the whole pool with it to the store's thread. */
function rawOf({ headers, url, body }: InboundRequest, source: Source | null): RawRequest {
  return { headers: keptHeaders(headers, source), url, body: new Uint8Array(body) };
}

/** What makes a repeat: the sender's own id; of scheme `jcs` the content. */
export function digestOf(source: Source, request: InboundRequest, deliveryId: string | null): string | null {
  // Not those of a pause status of the same content: that one says more, and must not be taken for a repeat of this.
  if (source.scheme === "jcs") return idDigest(`content:${contentDigest(request.body)}`);
  return deliveryId === null ? null : idDigest(deliveryId);
}
