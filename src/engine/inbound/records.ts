/** Recorded inbound events: list, note, delete and process them again. */
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { Source } from "../../domain/inbound/source.ts";
import { REPROCESS_STEP_ROWS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  Cursor,
  DeletedSource,
  InboundCounts,
  InboundPage,
  InboundRecord,
  InboundSpan,
  RefusedSum,
  Reprocess,
  Store,
} from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import type { Caller } from "../access/caller.ts";
import type { Claims } from "../delivery/claims.ts";
import { isUnavailable } from "../scheduling/batcher.ts";
import type { Outage } from "../upkeep/outage.ts";
import { Explainer, recordFault } from "./explain/explainer.ts";
import type { InboundFilterInput, InboundService, ReprocessedOfSource, ReprocessOutput } from "./inbound-types.ts";
import type { KnownSources } from "./known-sources.ts";
import { type Failed, publishAgain, verifyAgain } from "./reprocessing.ts";

type RecordService = Pick<
  InboundService,
  "list" | "sumRefused" | "count" | "find" | "get" | "reprocess" | "reprocessSource" | "note" | "remove" | "originOf"
>;

export interface RecordsOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly telemetry: Pick<Telemetry, "counted">;
  readonly outage: Pick<Outage, "report">;
  readonly claims: Pick<Claims, "wake">;
  readonly sources: KnownSources;
  readonly publicUrl: () => string;
}

const COUNTED_AS = { reprocessed: "published", repeated: "duplicate", failed: "failed" } as const;

/** The cause of a failure is searched for only when somebody will read it. */
type Reprocessed = Exclude<ReprocessOutput, { kind: "failed" }> | Failed;

type Prepared =
  | { readonly kind: "ready"; readonly request: Pick<Reprocess, "event" | "verified" | "eventType" | "now"> }
  | Failed;

export class Records implements RecordService {
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #telemetry: RecordsOptions["telemetry"];
  readonly #outage: Pick<Outage, "report">;
  readonly #claims: Pick<Claims, "wake">;
  readonly #publicUrl: () => string;
  readonly #explainer: Explainer;

  constructor({ clock, store, telemetry, outage, claims, sources, publicUrl }: RecordsOptions) {
    this.#clock = clock;
    this.#store = store;
    this.#telemetry = telemetry;
    this.#outage = outage;
    this.#claims = claims;
    this.#publicUrl = publicUrl;
    this.#explainer = new Explainer({ clock, store, outage, sources, publicUrl });
  }

  async list(caller: Caller, filter: InboundFilterInput, offset: number, limit: number): Promise<InboundPage> {
    const whole = { ...filter, tenantSeq: caller.tenantSeq, includeUnattributed: seesUnattributed(caller) };
    const { rows, total } = await this.#store.listInbound(whole, offset, limit);
    return { rows: await this.#explainer.rows(rows), total };
  }

  sumRefused(caller: Caller, from: EpochMs): Promise<readonly RefusedSum[]> {
    const { tenantSeq } = caller;
    return this.#store.sumRefused({ tenantSeq, includeUnattributed: seesUnattributed(caller), from });
  }

  count(caller: Caller, span: Pick<InboundSpan, "from" | "to" | "stepMs">): Promise<InboundCounts> {
    const { from, to, stepMs } = span;
    const { tenantSeq } = caller;
    return this.#store.countInbound({ tenantSeq, includeUnattributed: seesUnattributed(caller), from, to, stepMs });
  }

  async find(caller: Caller, id: Uuid): Promise<InboundRecord | null> {
    const record = await this.#store.getInbound(null, id);
    return record !== null && maySee(caller, record) ? record : null;
  }

  async get(caller: Caller, id: Uuid): Promise<InboundRecord | null> {
    const record = await this.find(caller, id);
    return record === null ? null : this.#explainer.record(record);
  }

  async note(caller: Caller, id: Uuid, notes: string | null): Promise<InboundRecord | null> {
    if ((await this.find(caller, id)) === null) return null;
    const record = await this.#note(caller, id, notes);
    return record === null ? null : this.#explainer.record(record);
  }

  async remove(caller: Caller, id: Uuid): Promise<boolean> {
    if ((await this.find(caller, id)) === null) return false;
    return this.#store.deleteInbound({ actor: caller.actor, tenantSeq: null, id, now: this.#clock.now() });
  }

  originOf({ tenantSeq }: Caller, eventId: Uuid): Promise<Uuid | null> {
    return this.#store.findInboundOfEvent(tenantSeq, eventId);
  }

  // ── Process again ─────────────────────────────────────────────────────────────────────────────────────────────────

  async reprocess(caller: Caller, id: Uuid, notes: string | null | undefined): Promise<ReprocessOutput> {
    const record = await this.find(caller, id);
    if (record === null) return { kind: "unknown" };
    const result = await this.#reprocess(caller, record, notes);
    return result.kind === "failed" ? { ...result, explanation: result.explain() } : result;
  }

  async reprocessSource(caller: Caller, sourceId: Uuid, cursor: Cursor | null): Promise<ReprocessedOfSource | null> {
    if ((await this.#store.getSource(caller.tenantSeq, sourceId)) === null) return null;
    const { tenantSeq } = caller;
    const { records, next } = await this.#store.listRejected(tenantSeq, sourceId, cursor, REPROCESS_STEP_ROWS);
    let reprocessed = 0;
    for (const record of records) {
      if (await this.#isReprocessed(caller, record)) reprocessed += 1;
    }
    return { reprocessed, failed: records.length - reprocessed, next };
  }

  /** A bug that one record triggers must not stop the others. */
  async #isReprocessed(caller: Caller, record: InboundRecord): Promise<boolean> {
    try {
      return (await this.#reprocess(caller, record)).kind === "reprocessed";
    } catch (error) {
      if (isUnavailable(error)) throw error;
      this.#outage.report(recordFault(record, error));
      return false;
    }
  }

  async #reprocess(caller: Caller, record: InboundRecord, notes?: string | null): Promise<Reprocessed> {
    const result = await this.#reprocessOnce(caller, record, notes);
    if (result.kind !== "unknown") {
      this.#telemetry.counted({ what: "reprocessed", outcome: COUNTED_AS[result.kind] });
    }
    return result;
  }

  async #reprocessOnce(caller: Caller, record: InboundRecord, notes?: string | null): Promise<Reprocessed> {
    const prepared = record.valid ? await this.#prepareValid(record) : await this.#prepareRefused(record);
    if (prepared === null) return this.#alreadyDone(caller, record.id, notes);
    if (prepared.kind === "failed") return prepared;
    const noted = notes === undefined ? {} : { notes };
    const request = { actor: caller.actor, tenantSeq: null, id: record.id, ...prepared.request, ...noted };
    const result = await this.#store.reprocess(request);
    if (result.kind === "repeated" && result.id === record.id) return this.#alreadyDone(caller, record.id, notes);
    if (result.kind !== "reprocessed") return result;
    this.#claims.wake(result.woken);
    return { kind: "reprocessed", record: result.record, eventId: request.event?.id ?? null };
  }

  async #prepareValid(record: InboundRecord): Promise<Prepared> {
    const now = this.#clock.now();
    const source = await this.#sourceOfValid(record);
    const prepared = publishAgain({ record, source, eventId: this.#clock.uuid(), now });
    if (prepared.kind === "failed") return prepared;
    const { event, eventType } = prepared;
    const request = { event, verified: null, ...(eventType === null ? {} : { eventType }), now };
    return { kind: "ready", request };
  }

  /** Null when somebody else processed the record since it was found. */
  async #prepareRefused(record: InboundRecord): Promise<Prepared | null> {
    const source = await this.#sourceOfRefused(record);
    const credentials =
      source?.scheme === "basic" ? await this.#store.getCredentials(record.id) : ({ kind: "none" } as const);
    if (credentials === null) return null;
    const now = this.#clock.now();
    const result = verifyAgain({ record, source, credentials, publicUrl: this.#publicUrl(), now });
    if (result.kind === "failed") return result;
    return { kind: "ready", request: { event: result.eventOf(this.#clock.uuid()), verified: result.becomes, now } };
  }

  /** Somebody else asked for the same at the same time, and the record was processed once. */
  async #alreadyDone(caller: Caller, id: Uuid, notes?: string | null): Promise<Reprocessed> {
    // Without a tenant: the record may belong to another tenant by now, that of the source it names.
    const record = notes === undefined ? await this.#store.getInbound(null, id) : await this.#note(caller, id, notes);
    return record === null
      ? { kind: "unknown" }
      : { kind: "reprocessed", record, eventId: record.eventIds.at(-1) ?? null };
  }

  #note({ actor }: Caller, id: Uuid, notes: string | null): Promise<InboundRecord | null> {
    return this.#store.noteInbound({ actor, tenantSeq: null, id, notes, now: this.#clock.now() });
  }

  async #sourceOfRefused({ kind, tenantSeq, sourceId, sourceName }: InboundRecord): Promise<Source | null> {
    if (tenantSeq !== null) return sourceId === null ? null : this.#store.getSource(tenantSeq, sourceId);
    // The source of a pause status may have been created since the request arrived.
    return kind === "any" || sourceName === null ? null : this.#store.findSource({ name: sourceName });
  }

  async #sourceOfValid({ tenantSeq, sourceId }: InboundRecord): Promise<DeletedSource | null> {
    if (tenantSeq === null || sourceId === null) return null;
    return (await this.#store.getSource(tenantSeq, sourceId)) ?? this.#store.getDeletedSource(tenantSeq, sourceId);
  }
}

function maySee(caller: Caller, { tenantSeq }: InboundRecord): boolean {
  return tenantSeq === null ? seesUnattributed(caller) : tenantSeq === caller.tenantSeq;
}

/** Records without a tenant are for a `global_admin` who looks at no other tenant. */
function seesUnattributed({ actor, tenantSeq }: Caller): boolean {
  return actor.role === "global_admin" && tenantSeq === actor.tenantSeq;
}
