/** Requests at the public routes: verified, recorded, turned into events; and what is refused, kept apart. */

import { StoreUnavailable } from "../../domain/errors.ts";
import type { Event } from "../../domain/event.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { InboundRequest, Rejection } from "../../domain/inbound/request.ts";
import { type Source, secretsAt } from "../../domain/inbound/source.ts";
import {
  GROUP_BYTES_MAX,
  GROUP_DELIVERIES_MAX,
  PUBLISH_QUEUE_BYTES_MAX,
  REFUSED_BODY_BYTES_MAX,
} from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { InboundKind, RawRequest, Receive, ReceiveResult, Refuse, Store } from "../../ports/store.ts";
import { createBatcher } from "../batcher.ts";
import type { Claims } from "../claims.ts";
import type { Outage } from "../outage.ts";
import { idDigest } from "./digests.ts";
import type { AnyAnswer, PauseStatusAnswer, PublicRequest } from "./inbound-service.ts";
import { contentDigest } from "./jcs.ts";
import { keptCredentials, keptHeaders } from "./kept-headers.ts";
import type { KnownSources } from "./known-sources.ts";
import { faultsText, notificationOf, readBody, readFacts, shownText } from "./pause-status.ts";
import { readRequest } from "./read.ts";
import type { Refusals } from "./refusals.ts";
import { embeddedFault } from "./schemes/jcs.ts";
import { verifyRequest } from "./verify.ts";

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
  const received = createBatcher<Receive, ReceiveResult>({ ...bounds, carryOut: (batch) => store.receive(batch) });
  const refused = createBatcher<Refuse, void>({
    ...bounds,
    carryOut: (batch) => store.refuse(batch).then(() => batch.map(() => undefined)),
  });

  function weightOf({ raw, event }: { readonly raw: RawRequest; readonly event?: Event | null }) {
    return { rows: 2, bytes: ROW_BYTES + raw.body.byteLength + (event?.payload.length ?? 0) };
  }

  async function receive(request: Receive): Promise<Exclude<ReceiveResult, { kind: "broken" }>> {
    const weight = weightOf(request);
    if (received.bytes + weight.bytes > PUBLISH_QUEUE_BYTES_MAX) {
      throw new StoreUnavailable("too much is waiting to be committed");
    }
    const result = await received.add(request, weight);
    if (result.kind === "broken") throw new Error(result.message);
    if (result.kind === "received") claims.wake(result.woken);
    return result;
  }

  interface Refused {
    readonly kind: InboundKind;
    readonly source: Source | null;
    readonly sourceName: string | null;
    readonly eventType: string | null;
    readonly rejection: Rejection;
    /** What was wrong, in brief: nothing that a stranger sends is worth a search for its cause. */
    readonly explanation: string;
  }

  /** Answers whether it was looked at: what comes too often is not kept. */
  async function refuse(request: PublicRequest, look: Look, { source, ...what }: Refused): Promise<boolean> {
    if (!refusals.failed(request.address, look.workMs)) return false;
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
    return true;
  }

  const UNAUTHORIZED = { kind: "unauthorized" } as const;
  const TOO_MANY = { kind: "tooMany" } as const;

  async function pauseStatus(request: PublicRequest): Promise<PauseStatusAnswer> {
    if (!isOpen()) throw new StoreUnavailable("the server is starting");
    const look = new Look(clock);
    const body = look.at(() => readBody(request.body));
    if (body.kind === "unreadable") {
      const what = { source: null, sourceName: null, eventType: null, explanation: body.message };
      const looked = await refuse(request, look, { kind: "pauseStatus", ...what, rejection: "body_unreadable" });
      return looked ? body : TOO_MANY;
    }
    const { fields } = body;
    const named = typeof fields.source === "string" ? fields.source : null;
    const found = named === null ? null : await sources.byName(named);
    const isUsable = found !== null && found.scheme === "jcs";
    const source = isUsable ? found : null;
    const shown = { sourceName: shownText(fields.source), eventType: shownText(fields.event_type) };
    const refuseAs = (rejection: Rejection, explanation: string) =>
      refuse(request, look, { kind: "pauseStatus", source, ...shown, rejection, explanation });
    if (source === null) {
      // As for a source that there is: the answer must not tell the two apart.
      const fault = look.at(() => embeddedFault(request));
      if (fault !== null) {
        const looked = await refuseAs("body_unreadable", fault);
        return looked ? { kind: "unreadable", message: fault } : TOO_MANY;
      }
      const [rejection, explanation] = whyUnusable(named, found);
      return (await refuseAs(rejection, explanation)) ? UNAUTHORIZED : TOO_MANY;
    }
    const now = clock.now();
    const verification = look.at(() => verifyRequest(source, secretsAt(source, now), request, now));
    if (verification.kind === "rejected") {
      const { reason, explanation } = verification;
      if (!(await refuseAs(reason, explanation))) return TOO_MANY;
      return reason === "body_unreadable" ? { kind: "unreadable", message: explanation } : UNAUTHORIZED;
    }
    refusals.proved(request.address);
    const stated = readFacts(fields);
    if (stated.kind === "invalid") {
      await refuseAs("fields_invalid", faultsText(stated.faults));
      return stated;
    }
    const id = clock.uuid();
    const { facts, eventType } = stated;
    const event = notificationOf({ id: clock.uuid(), recordId: id, source, facts, now });
    const result = await receive({
      ...recordOf(id, "pauseStatus", source, request, now),
      eventType,
      facts,
      digest: contentDigest(request.body),
      event,
    });
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
    const look = new Look(clock);
    const source = await sources.byId(sourceId);
    if (source === null) {
      const what = { source: null, sourceName: null, eventType: null, explanation: "There is no source of this id." };
      const looked = await refuse(request, look, { kind: "any", ...what, rejection: "source_unknown" });
      return looked ? UNAUTHORIZED : TOO_MANY;
    }
    const now = clock.now();
    const verification = look.at(() => verifyRequest(source, secretsAt(source, now), request, now));
    if (verification.kind === "rejected") {
      const { reason: rejection, explanation } = verification;
      const what = { source, sourceName: source.name, eventType: null };
      const looked = await refuse(request, look, { kind: "any", ...what, rejection, explanation });
      return looked ? UNAUTHORIZED : TOO_MANY;
    }
    refusals.proved(request.address);
    const { eventType, payload, deliveryId, challenge } = readRequest(source, request);
    if (challenge !== null) return { kind: "challenge", challenge };
    const id = clock.uuid();
    const eventId = clock.uuid();
    const result = await receive({
      ...recordOf(id, "any", source, request, now),
      eventType,
      facts: null,
      digest: digestOf(source, request, deliveryId),
      event: { id: eventId, tenantId: source.tenantId, type: eventType, payload, acceptedAt: now, pauseId: null },
    });
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

/** What looking at one request took: waiting for the store is no work. */
class Look {
  workMs = 0;
  readonly #clock: Pick<Clock, "monotonicMs">;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  at<Found>(work: () => Found): Found {
    const startMs = this.#clock.monotonicMs();
    const found = work();
    this.workMs += this.#clock.monotonicMs() - startMs;
    return found;
  }
}

function whyUnusable(named: string | null, found: Source | null): readonly [Rejection, string] {
  if (named === null) return ["source_unknown", "The field `source` is missing or is not a string."];
  if (found === null) return ["source_unknown", "There is no source of this name."];
  return [
    "source_unusable",
    `This source's scheme is ${found.scheme}; only one of scheme jcs may send pause statuses.`,
  ];
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
