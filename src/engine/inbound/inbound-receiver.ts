/** Requests at the public routes: verify, record, turn into events. Refused requests are recorded separately. */

import type { Event } from "../../domain/delivery/event.ts";
import { cameThrough } from "../../domain/delivery/loops.ts";
import { inTrace, traceContextIn } from "../../domain/delivery/trace-context.ts";
import { StoreUnavailable } from "../../domain/errors.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
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
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Claims } from "../delivery/claims.ts";
import type { Streams } from "../history/streams.ts";
import { Batcher } from "../scheduling/batcher.ts";
import type { TenantActivity } from "../scheduling/tenant-activity.ts";
import type { Outage } from "../upkeep/outage.ts";
import { repeatDigest } from "./digests.ts";
import type { AnyOutput, PauseStatusOutput, PublicRequest } from "./inbound-types.ts";
import { contentDigest } from "./json/jcs.ts";
import { keptCredentials, keptHeaders } from "./kept-headers.ts";
import type { KnownSources } from "./known-sources.ts";
import { hopsOf } from "./loops.ts";
import { faultsText, notificationOf, readFacts, shownText } from "./pause-status.ts";
import { parseRequest } from "./payload/parse-request.ts";
import type { RefusalLimits } from "./refusal-limits.ts";
import { BoundedVerifier, type WorkTimer } from "./verify/bounded-verifier.ts";
import { type Refusal, type VerifiedPauseStatus, verifyAtSource, verifyPauseStatus } from "./verify/verify-received.ts";

export interface ReceiverOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly telemetry: Pick<Telemetry, "counted">;
  readonly outage: Outage;
  readonly activity: TenantActivity;
  readonly claims: Pick<Claims, "wake">;
  readonly streams: Pick<Streams, "announce">;
  readonly sources: KnownSources;
  readonly refusals: RefusalLimits;
  /** Whether the sources of the settings are stored. Until then the server cannot say that a source is unknown. */
  readonly isOpen: () => boolean;
}

/** Roughly what a record adds to a group commit in addition to its body: the record's row and the event's row. */
const ROW_BYTES = 600;

const COUNTED_AS = { received: "accepted", repeated: "duplicate", quotaExceeded: "over_quota" } as const;

const UNAUTHORIZED = { kind: "unauthorized" } as const;

export class InboundReceiver {
  readonly #clock: Clock;
  readonly #telemetry: ReceiverOptions["telemetry"];
  readonly #claims: Pick<Claims, "wake">;
  readonly #streams: Pick<Streams, "announce">;
  readonly #sources: KnownSources;
  readonly #refusals: RefusalLimits;
  readonly #isOpen: () => boolean;
  readonly #verifier: BoundedVerifier;
  readonly #received: Batcher<Receive, ReceiveResult>;
  readonly #refused: Batcher<Refuse, void>;

  constructor({ clock, store, telemetry, outage, claims, ...more }: ReceiverOptions) {
    const { streams, sources, refusals, isOpen, activity } = more;
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#claims = claims;
    this.#streams = streams;
    this.#sources = sources;
    this.#refusals = refusals;
    this.#isOpen = isOpen;
    this.#verifier = new BoundedVerifier(clock, refusals);
    const bounds = {
      rowsMax: GROUP_DELIVERIES_MAX,
      bytesMax: GROUP_BYTES_MAX,
      ...(store.notes !== null && { outage }),
      onFailure(error: unknown) {
        outage.report(error);
        return Promise.resolve("giveUp" as const); // the sender gets a 503 and sends the request again
      },
    };
    this.#received = new Batcher<Receive, ReceiveResult>({
      ...bounds,
      carryOut: (batch) => store.receive(batch),
      queueBytesMax: PUBLISH_QUEUE_BYTES_MAX,
      tenantOf: ({ tenantSeq }) => tenantSeq,
      activity,
    });
    this.#refused = new Batcher<Refuse, void>({
      ...bounds,
      carryOut: (batch) => store.refuse(batch).then(() => batch.map(() => undefined)),
    });
  }

  async receivePauseStatus(request: PublicRequest): Promise<PauseStatusOutput> {
    this.#assertOpen();
    const result = await this.#verifier.verify(request, (timer) => verifyPauseStatus(this.#sources, timer, request));
    if (result.kind === "tooMany") return this.#limited();
    if (result.kind === "verified") return this.#acceptPauseStatus(request, result);
    const { refusal } = result;
    this.#countRefusal(refusal);
    await this.#record(request, refusal);
    return refusal.rejection === "body_unreadable"
      ? { kind: "unreadable", message: refusal.explanation }
      : answerTo(refusal);
  }

  async #acceptPauseStatus(
    request: PublicRequest,
    { source, now, fields }: VerifiedPauseStatus,
  ): Promise<PauseStatusOutput> {
    const stated = readFacts(fields);
    if (stated.kind === "invalid") {
      const shown = { sourceName: source.name, eventType: shownText(fields.event_type) };
      const why = { rejection: "fields_invalid", explanation: faultsText(stated.faults) } as const;
      this.#countRefusal(why);
      const isRecorded = this.#refusals.countFailure(request.address, 0);
      if (isRecorded) await this.#record(request, { kind: "pauseStatus", source, ...shown, ...why });
      return stated;
    }
    const id = this.#clock.uuid();
    const { facts, eventType } = stated;
    const hops = hopsOf(request);
    const trace = traceContextIn(request.headers);
    const event = notificationOf({ id: this.#clock.uuid(), recordId: id, source, facts, hops, trace, now });
    const result = await this.#commit(
      {
        ...recordOf(id, "pauseStatus", source, request, now),
        eventType,
        facts,
        digest: contentDigest(request.body),
        event,
      },
      source,
    );
    if (result.kind === "quotaExceeded") return result;
    if (result.kind === "received") {
      return { kind: "received", id, direction: facts.direction, notified: event !== null, duplicate: false };
    }
    const { id: firstId, direction, triggered } = result;
    return { kind: "received", id: firstId, direction: direction ?? "NONE", notified: triggered, duplicate: true };
  }

  async receiveAny(sourceId: Uuid, request: PublicRequest): Promise<AnyOutput> {
    this.#assertOpen();
    const verify = (timer: WorkTimer) => verifyAtSource(this.#sources, timer, request, sourceId);
    const verified = await this.#verifier.verify(request, verify);
    if (verified.kind === "tooMany") return this.#limited();
    if (verified.kind === "refused") {
      this.#countRefusal(verified.refusal);
      await this.#record(request, verified.refusal);
      return answerTo(verified.refusal);
    }
    const { source, now } = verified;
    const { eventType, payload, deliveryId, challenge } = parseRequest(source, request);
    if (challenge !== null) {
      this.#telemetry.counted({ what: "inbound", outcome: "challenge" });
      return { kind: "challenge", challenge };
    }
    const id = this.#clock.uuid();
    const eventId = this.#clock.uuid();
    const event = { id: eventId, tenantId: source.tenantId, type: eventType, payload, acceptedAt: now, pauseId: null };
    const result = await this.#commit(
      {
        ...recordOf(id, "any", source, request, now),
        eventType,
        facts: null,
        digest: repeatDigest(source, request, deliveryId),
        event: inTrace(cameThrough(event, hopsOf(request)), traceContextIn(request.headers)),
      },
      source,
    );
    if (result.kind === "quotaExceeded") return result;
    return result.kind === "received"
      ? { kind: "received", id, eventId, duplicate: false }
      : { kind: "received", id: result.id, eventId: result.eventId ?? eventId, duplicate: true };
  }

  async drained(): Promise<void> {
    await Promise.all([this.#received.drained(), this.#refused.drained()]);
  }

  #limited(): { readonly kind: "tooMany" } {
    this.#telemetry.counted({ what: "inbound", outcome: "limited" });
    return { kind: "tooMany" };
  }

  #countRefusal({ rejection: reason }: Pick<Refusal, "rejection">): void {
    this.#telemetry.counted({ what: "inbound", outcome: "refused", reason });
  }

  #assertOpen(): void {
    if (!this.#isOpen()) throw new StoreUnavailable("the server is starting");
  }

  async #commit(request: Receive, source: Source): Promise<Exclude<ReceiveResult, { kind: "broken" }>> {
    const weight = weightOf(request);
    if (weight.bytes > this.#received.allowance(request.tenantSeq)) {
      throw new StoreUnavailable("too many of the tenant's requests are waiting to be committed");
    }
    const result = await this.#received.add(request, weight);
    if (result.kind === "broken") throw new Error(result.message);
    this.#telemetry.counted({ what: "inbound", outcome: COUNTED_AS[result.kind] });
    if (result.kind === "received") {
      this.#claims.wake(result.woken);
      this.#announce(request, source);
    }
    return result;
  }

  async #record(request: PublicRequest, { source, ...refusal }: Refusal): Promise<void> {
    const bodyBytes = request.body.byteLength;
    const body = source === null ? request.body.subarray(0, REFUSED_BODY_BYTES_MAX) : request.body;
    const element: Refuse = {
      ...refusal,
      id: this.#clock.uuid(),
      source: source === null ? null : { seq: source.seq, tenantSeq: source.tenantSeq },
      raw: rawOf({ ...request, body }, source),
      credentials: keptCredentials(request.headers, source),
      bodyBytes,
      address: request.address,
      now: this.#clock.now(),
    };
    await this.#refused.add(element, weightOf(element));
    if (source === null) return; // no tenant's
    const { tenantSeq, id: sourceId } = source;
    this.#streams.announce(tenantSeq, { topic: "inbound", recordId: element.id, sourceId, valid: false });
  }

  #announce({ id, tenantSeq, event }: Receive, { id: sourceId }: Source): void {
    this.#streams.announce(tenantSeq, { topic: "inbound", recordId: id, sourceId, valid: true });
    if (event !== null) this.#streams.announce(tenantSeq, { topic: "event", eventId: event.id, eventType: event.type });
  }
}

/** The response does not say why a request was refused. Only the sender of a genuine request learns of a loop. */
function answerTo({ rejection, explanation }: Refusal) {
  return rejection === "loop_detected" ? ({ kind: "looped", message: explanation } as const) : UNAUTHORIZED;
}

function recordOf(id: Uuid, kind: InboundKind, source: Source, request: PublicRequest, now: EpochMs) {
  const { seq: sourceSeq, tenantSeq, name: sourceName } = source;
  return { id, kind, sourceSeq, tenantSeq, sourceName, raw: rawOf(request, source), address: request.address, now };
}

/** Copies the body: a slice of a pooled buffer would take the whole pool with it to the store's thread. */
function rawOf({ headers, url, body }: InboundRequest, source: Source | null): RawRequest {
  return { headers: keptHeaders(headers, source), url, body: new Uint8Array(body) };
}

function weightOf({ raw, event }: { readonly raw: RawRequest; readonly event?: Event | null }) {
  return { rows: 2, bytes: ROW_BYTES + raw.body.byteLength + (event?.payload.length ?? 0) };
}
