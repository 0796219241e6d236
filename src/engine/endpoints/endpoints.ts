/** Endpoints: created, listed, changed, tested and recovered. */

import { matchesFilters } from "../../domain/delivery/event.ts";
import { destinationOf, type Endpoint, endpointDefaults } from "../../domain/endpoints/endpoint.ts";
import type { EndpointState } from "../../domain/endpoints/endpoint-state.ts";
import type { EndpointChange } from "../../domain/history/news.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { ENDPOINT_NAME_CHARS_MAX } from "../../domain/limits.ts";
import type { Detail } from "../../domain/pauses/pause.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptReaders, Sender } from "../../ports/sender.ts";
import type {
  Cursor,
  EndpointOffsetPage,
  EndpointPage,
  EndpointView,
  PatchEndpoint,
  Store,
} from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";
import type { Attempts } from "../delivery/attempts.ts";
import type { Deliveries } from "../delivery/deliveries.ts";
import type { Tokens } from "../delivery/lease-tokens.ts";
import type { Statistics } from "../history/statistics.ts";
import type { Streams } from "../history/streams.ts";
import type { Membership } from "../upkeep/membership.ts";
import { readOr } from "../upkeep/outage.ts";
import type {
  CreateEndpointInput,
  CreateEndpointOutput,
  EndpointActivity,
  EndpointSearch,
  EndpointService,
  PatchEndpointInput,
  PatchEndpointOutput,
  RotateSecretOutput,
  TestContent,
  TestOutput,
} from "./endpoint-types.ts";
import type { Matching } from "./matching.ts";
import { secretOf } from "./secrets.ts";
import { TestEvents } from "./test-events.ts";

export interface EndpointsOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly sender: Sender;
  readonly matching: Matching;
  readonly deliveries: Deliveries;
  readonly attempts: Attempts;
  readonly streams: Pick<Streams, "announce">;
  readonly statistics: Pick<Statistics, "paceOf">;
  readonly membership: Pick<Membership, "isShared">;
  readonly tokens: Pick<Tokens, "next">;
  readonly readers: Pick<AttemptReaders, "isRead">;
  /** A job was started. */
  readonly onJob: () => void;
  readonly onDeleted: (id: Uuid) => void;
}

export class Endpoints implements EndpointService {
  readonly #options: EndpointsOptions;
  readonly #testEvents: TestEvents;

  constructor(options: EndpointsOptions) {
    this.#options = options;
    this.#testEvents = new TestEvents(options);
  }

  async urlFault(url: string): Promise<string | null> {
    const verdict = await this.#options.sender.vet(url);
    return verdict.kind === "refused" ? verdict.reason : null;
  }

  async create({ actor, tenantSeq }: Caller, input: CreateEndpointInput): Promise<CreateEndpointOutput> {
    const { clock, matching, sender, store } = this.#options;
    const { createdThrough, settings } = input;
    const verdict = await sender.vet(settings.url);
    if (verdict.kind === "refused") return { kind: "urlRefused", reason: verdict.reason };
    const { url } = verdict;
    const { secret, generatedSecret } = secretOf(clock, input.secret);
    const id = clock.uuid();
    const created = await store.createEndpoint({
      actor,
      tenantSeq,
      id,
      settings: { ...endpointDefaults(createdThrough), ...settings, url, name: settings.name ?? nameOf(url) },
      secret,
      createdThrough,
      now: clock.now(),
    });
    matching.changed(tenantSeq);
    if (created.kind !== "created") return created;
    this.#announce(tenantSeq, id, "created");
    return { ...created, generatedSecret };
  }

  get({ tenantSeq }: Caller, id: Uuid): Promise<EndpointView | null> {
    return this.#options.store.getEndpoint(tenantSeq, id);
  }

  activityOf(
    { seq, tenantSeq, maxInFlight }: Pick<Endpoint, "seq" | "tenantSeq" | "maxInFlight">,
    leased: number,
  ): EndpointActivity {
    const { clock, deliveries, membership, statistics } = this.#options;
    const lane = deliveries.lanePool.get(seq);
    const own = lane?.inFlight ?? 0;
    const byOthers = membership.isShared ? leased - (lane?.deliveryCount ?? 0) : 0;
    return {
      now: clock.now(),
      inFlight: own + Math.max(0, Math.min(byOthers, maxInFlight - own)),
      window: lane?.window ?? null,
      ...statistics.paceOf(tenantSeq, seq),
    };
  }

  list(
    { actor, tenantSeq }: Caller,
    cursor: Cursor | null,
    limit: number,
    search: EndpointSearch | null = null,
  ): Promise<EndpointPage> {
    const { clock, store } = this.#options;
    const filter =
      search === null
        ? null
        : { ...search, ...(actor.role === "agent" && { withoutSecrets: true as const }), now: clock.now() };
    return store.listEndpoints(tenantSeq, cursor, limit, filter);
  }

  countStates({ tenantSeq }: Caller): Promise<Readonly<Record<EndpointState, number>>> {
    const { clock, store } = this.#options;
    return store.countEndpointStates(tenantSeq, clock.now());
  }

  listFrom({ tenantSeq }: Caller, offset: number, limit: number): Promise<EndpointOffsetPage> {
    return this.#options.store.listEndpointsFrom(tenantSeq, offset, limit);
  }

  async unknown({ tenantSeq }: Caller, endpointIds: readonly Uuid[]): Promise<readonly Uuid[]> {
    return (await this.#options.matching.find(tenantSeq, { type: "", endpointIds })).unknown;
  }

  async closedToAgent(caller: Caller, type: string, ids: readonly Uuid[]): Promise<readonly Uuid[]> {
    if (caller.actor.agent === undefined) return [];
    const views = await Promise.all(ids.map((id) => this.get(caller, id)));
    return ids.filter((_id, at) => {
      const endpoint = views[at]?.endpoint;
      return endpoint !== undefined && !matchesFilters(endpoint.eventTypes, type);
    });
  }

  async patch({ actor, tenantSeq }: Caller, id: Uuid, input: PatchEndpointInput): Promise<PatchEndpointOutput> {
    const { clock, sender, store } = this.#options;
    const url = input.settings?.url;
    let changes = input;
    // Before the URL is checked, so that the result for another tenant's endpoint never depends on the URL.
    const before = await store.getEndpoint(tenantSeq, id);
    if (before === null) return { kind: "unknown" };
    const fixed = fixedField(before.endpoint, input.settings);
    if (fixed !== null) return { kind: "fixed", field: fixed };
    if (url !== undefined && before.endpoint.transport === "http") {
      const verdict = await sender.vet(url);
      if (verdict.kind === "refused") return { kind: "urlRefused", reason: verdict.reason };
      changes = { ...input, settings: { ...input.settings, url: verdict.url } };
    }
    const patched = await this.#patch({ actor, tenantSeq, id, now: clock.now(), ...changesOf(changes) });
    if (patched === null) return { kind: "unknown" };
    const view = await readOr(before, store.getEndpoint(tenantSeq, id));
    if (view === null) return { kind: "unknown" };
    // The endpoint as this change left it, even if another change followed before the view was read.
    return { kind: "patched", view: { ...view, endpoint: patched } };
  }

  async remove({ actor, tenantSeq }: Caller, id: Uuid): Promise<boolean> {
    const { clock, deliveries, matching, onDeleted, onJob, store } = this.#options;
    const state = await store.deleteEndpoint({ actor, tenantSeq, id, now: clock.now() });
    matching.changed(tenantSeq);
    if (state === null) return false;
    await deliveries.laneChanged(state);
    onDeleted(id);
    this.#announce(tenantSeq, id, "deleted");
    onJob();
    return true;
  }

  async rotateSecret(
    { actor, tenantSeq }: Caller,
    id: Uuid,
    input: { readonly secret: string | null; readonly overlapSeconds: number },
  ): Promise<RotateSecretOutput | null> {
    const { overlapSeconds } = input;
    const { clock } = this.#options;
    const { secret: value, generatedSecret } = secretOf(clock, input.secret);
    const now = clock.now();
    const previousExpiresAt = now + overlapSeconds * 1000;
    const secret = { value, previousUntil: overlapSeconds === 0 ? null : previousExpiresAt };
    const patched = await this.#patch({ actor, tenantSeq, id, now, secret });
    return patched === null ? null : { generatedSecret, previousExpiresAt };
  }

  async test(caller: Caller, id: Uuid, content: TestContent): Promise<TestOutput | "unknownEvent" | null> {
    const { clock, store } = this.#options;
    const { actor, tenantSeq } = caller;
    const view = await store.getEndpoint(tenantSeq, id);
    if (view === null) return null;
    const act = { actor, tenantSeq, type: "webhook.tested", subject: id, data: {}, now: clock.now() } as const;
    // A test works while the store cannot write.
    store.recordAction(act).catch(() => undefined);
    return this.#testEvents.send(caller, view.endpoint, content);
  }

  async recover(
    { actor, tenantSeq }: Caller,
    id: Uuid,
    since: EpochMs,
    shown?: readonly Detail[],
  ): Promise<Uuid | null> {
    const { clock, onJob, store } = this.#options;
    const request = { actor, tenantSeq, endpointId: id, jobId: clock.uuid(), since, now: clock.now() };
    const jobId = await store.startRecover({ ...request, ...(shown && { shown }) });
    if (jobId !== null) onJob();
    return jobId;
  }

  /** Store a change, and apply it to everything in memory before the caller gets its response. */
  async #patch(request: PatchEndpoint): Promise<Endpoint | null> {
    const { deliveries, matching, store } = this.#options;
    const patched = await store.patchEndpoint(request);
    matching.changed(request.tenantSeq);
    if (patched === null) return null;
    await deliveries.endpointChanged(destinationOf(patched.endpoint), patched.lane);
    this.#announce(request.tenantSeq, request.id, "changed");
    return patched.endpoint;
  }

  #announce(tenantSeq: Seq, endpointId: Uuid, change: EndpointChange): void {
    this.#options.streams.announce(tenantSeq, { topic: "endpoint", endpointId, change });
  }
}

function changesOf({ settings, status, secret, shown }: PatchEndpointInput): Partial<PatchEndpoint> {
  return {
    ...(settings === undefined ? {} : { settings }),
    ...(status === undefined ? {} : { status, disabledReason: "manual" }),
    ...(secret === undefined ? {} : { secret: { value: secret, previousUntil: null } }),
    ...(shown && { shown }),
  };
}

/** What a listener is called by, and what stands for its URL, which follows from its name. */
function fixedField({ transport, name, url }: Endpoint, changed: PatchEndpointInput["settings"] = {}) {
  if (transport === "http") return null;
  if (changed.url !== undefined && changed.url !== url) return "url";
  return changed.name !== undefined && changed.name !== name ? "name" : null;
}

function nameOf(url: string): string {
  return new URL(url).hostname.slice(0, ENDPOINT_NAME_CHARS_MAX);
}
