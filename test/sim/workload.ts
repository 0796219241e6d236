/** The callers' requests: every operation of the engine, at random times, some of them concurrently. */
import { matchesFilters } from "../../src/domain/delivery/event.ts";
import type { EndpointSettings } from "../../src/domain/endpoints/endpoint.ts";
import { nextUuid, type Uuid } from "../../src/domain/ids.ts";
import type { Caller } from "../../src/engine/access/caller.ts";
import type { PublishInput, PublishOutput } from "../../src/engine/delivery/publish-types.ts";
import { type Effect, effectOf } from "./answers.ts";
import { createInboundWorkload, type InboundWorkload } from "./inbound/inbound-workload.ts";
import type { World } from "./machine.ts";
import {
  callerOf,
  type ExpectedTarget,
  isCertainlyListening,
  isCertainlyOff,
  isUnchanged,
  KEYS_FORGOTTEN_MS,
  type KnownEndpoint,
  type Standing,
} from "./model.ts";
import { siteUrl } from "./network.ts";
import { createPauseWorkload, type PauseWorkload } from "./pauses/pause-workload.ts";
import { pickWeighted } from "./random.ts";
import { createUncertain } from "./uncertain.ts";

export interface Workload {
  /** Creates the tenants and their first endpoints. */
  setUp(): Promise<void>;
  /** Performs one random operation. */
  act(): Promise<void>;
  /** Publishes a few events concurrently. */
  publishSome(): Promise<void>;
  /** Retries until the server has confirmed that every endpoint is ACTIVE. */
  resumeAll(): Promise<void>;
  readonly pauses: PauseWorkload;
  readonly inbound: InboundWorkload;
}

const SCHEDULES: readonly (readonly number[])[] = [
  [],
  [0],
  [0, 0, 1],
  [1],
  [2, 4, 8],
  [1, 70],
  [5, 90, 10],
  [30, 60, 120],
];
const TYPES = ["order.paid", "order.sent", "user.made"];
const FILTERS = [
  null,
  null,
  ["order.*"],
  ["user.made"],
  ["order.paid", "user.*"],
  ["pause.*"],
  ["pause.responded", "order.*"],
];
const RETRY_MS = 500;

interface KnownDelivery {
  readonly id: Uuid;
  readonly caller: Caller;
}

class RandomWorkload implements Workload {
  readonly #world: World;
  readonly #model: World["model"];
  readonly #random: World["random"];
  readonly #timeline: World["timeline"];
  readonly #callers: Caller[] = [];
  readonly #deliveryIds: KnownDelivery[] = [];
  /** The first accepted publish, by tenant and idempotency key. */
  readonly #firstAnswers = new Map<string, { readonly input: PublishInput; readonly answer: Accepted }>();
  #sites = 0;
  #secrets = 0;
  /** Deliveries with a retry request. If it raced with a cancel, either result is valid. */
  readonly #revived = new Set<Uuid>();
  readonly pauses: PauseWorkload;
  readonly inbound: InboundWorkload;

  constructor(world: World) {
    this.#world = world;
    this.#model = world.model;
    this.#random = world.random;
    this.#timeline = world.timeline;
    this.inbound = createInboundWorkload(world, this.#callers);
    this.pauses = createPauseWorkload(world, this.#callers);
  }

  #newSecret() {
    this.#secrets += 1;
    return `a secret of the simulation ${this.#secrets}`;
  }

  #uncertain<T>(value: T) {
    return createUncertain(value, () => this.#timeline.nowMs);
  }

  #wait(ms: number) {
    return new Promise<void>((resolve) => this.#timeline.after(ms, resolve));
  }

  /** Retries while the server refuses requests or is down. */
  async #askUntilAnswered<T>(question: Parameters<World["ask"]>[0]): Promise<T> {
    for (;;) {
      const answer = await this.#world.ask(question);
      if (answer.kind === "ok") return answer.value as T;
      await this.#wait(RETRY_MS);
    }
  }

  // ── Tenants and endpoints ───────────────────────────────────────────────────────────────────────────────────────

  async setUp(): Promise<void> {
    const system = callerOf(0, nextUuid({ lastMs: 0, randA: 0, high: 0, low: 0 }, 1, this.#random.word));
    for (let count = 1 + this.#random.below(3); count > 0; count -= 1) {
      const { tenant } = await this.#askUntilAnswered<{ tenant: { id: Uuid; seq: number } }>((engine) =>
        engine.access.createTenant(system, "Tenant"),
      );
      this.#callers.push(callerOf(tenant.seq, tenant.id));
      for (let more = 1 + this.#random.below(4); more > 0; more -= 1) await this.#createEndpoint();
    }
    await this.inbound.setUp();
  }

  async #createEndpoint(): Promise<void> {
    this.#sites += 1;
    const site = this.#sites;
    const caller = this.#random.chance(0.7) ? (this.#callers.at(-1) as Caller) : this.#random.pick(this.#callers);
    const secret = this.#newSecret();
    const settings: Omit<EndpointSettings, "name"> = {
      url: siteUrl(site, 1),
      description: null,
      eventTypes: this.#random.pick(FILTERS),
      format: this.#random.chance(0.75) ? "plain" : this.#random.pick(["standard", "pacspace", "pausepoint"]),
      headers: {},
      timeoutSeconds: this.#random.pick([1, 5, 30]),
      retryScheduleSeconds: this.#random.pick(SCHEDULES),
      rateLimitPerSecond: this.#random.chance(0.25) ? this.#random.pick([1, 3, 20]) : null,
      maxInFlight: this.#random.pick([1, 2, 5, 32]),
      ordered: this.#random.chance(0.35),
    };
    const input = { createdThrough: "endpoints", settings: { ...settings, name: null }, secret } as const;
    const answer = await this.#world.ask((engine) => engine.endpoints.create(caller, input));
    this.#world.say(`endpoint at site ${site}: ${answer.kind}`);
    if (answer.kind !== "ok" || answer.value.kind !== "created") return;
    const { endpoint } = answer.value;
    const known: KnownEndpoint = {
      id: endpoint.id,
      seq: endpoint.seq,
      caller,
      site,
      format: settings.format,
      eventTypes: settings.eventTypes,
      ordered: settings.ordered,
      scheduleSeconds: settings.retryScheduleSeconds,
      rateLimitPerSecond: settings.rateLimitPerSecond,
      maxInFlight: this.#uncertain(settings.maxInFlight),
      urlVersion: this.#uncertain(1),
      secret: this.#uncertain(secret),
      standing: this.#uncertain<Standing>("ACTIVE"),
      activations: 0,
      lastUrlVersion: 1,
    };
    this.#model.endpoints.push(known);
    this.#model.bySite.set(site, known);
  }

  async #patch(endpoint: KnownEndpoint): Promise<void> {
    const url = ++endpoint.lastUrlVersion;
    const changes: (() => { settings: Partial<EndpointSettings>; report: (effect: Effect) => void })[] = [
      () => ({ settings: { url: siteUrl(endpoint.site, url) }, report: endpoint.urlVersion.change(url) }),
      () => {
        const maxInFlight = this.#random.pick([1, 2, 8, 64]);
        return { settings: { maxInFlight }, report: endpoint.maxInFlight.change(maxInFlight) };
      },
      () => ({ settings: { description: "changed" }, report() {} }),
    ];
    const { settings, report } = this.#random.pick(changes)();
    const answer = await this.#world.ask((engine) =>
      engine.endpoints.patch(endpoint.caller, endpoint.id, { settings }),
    );
    this.#world.say(`patch ${endpoint.site} ${JSON.stringify(settings)}: ${answer.kind}`);
    report(answer.kind === "ok" && answer.value.kind !== "patched" ? "none" : effectOf(answer));
  }

  async #setStatus(endpoint: KnownEndpoint, status: "ACTIVE" | "PAUSED" | "DISABLED"): Promise<boolean> {
    const report = endpoint.standing.change(status);
    if (status === "ACTIVE") endpoint.activations += 1;
    const answer = await this.#world.ask((engine) => engine.endpoints.patch(endpoint.caller, endpoint.id, { status }));
    this.#world.say(`${status} ${endpoint.site}: ${answer.kind}`);
    const isPatched = answer.kind === "ok" && answer.value.kind === "patched";
    report(answer.kind === "ok" && !isPatched ? "none" : effectOf(answer));
    return isPatched;
  }

  async #remove(endpoint: KnownEndpoint): Promise<void> {
    const report = endpoint.standing.change("DELETED");
    const answer = await this.#world.ask((engine) => engine.endpoints.remove(endpoint.caller, endpoint.id));
    this.#world.say(`delete ${endpoint.site}: ${answer.kind}`);
    report(effectOf(answer));
  }

  async #rotateSecret(endpoint: KnownEndpoint): Promise<void> {
    const secret = this.#newSecret();
    const report = endpoint.secret.change(secret);
    const input = { secret, overlapSeconds: this.#random.pick([0, 10, 3600]) };
    const answer = await this.#world.ask((engine) =>
      engine.endpoints.rotateSecret(endpoint.caller, endpoint.id, input),
    );
    this.#world.say(`rotate ${endpoint.site}: ${answer.kind}`);
    report(answer.kind === "ok" && answer.value === null ? "none" : effectOf(answer));
  }

  async #test(endpoint: KnownEndpoint): Promise<void> {
    const answer = await this.#world.ask((engine) =>
      engine.endpoints.test(endpoint.caller, endpoint.id, { kind: "own", type: null, payload: null }),
    );
    this.#world.say(`test ${endpoint.site}: ${JSON.stringify(answer)}`);
  }

  async #recover(endpoint: KnownEndpoint): Promise<void> {
    const since = this.#world.wall.nowMs - this.#random.below(300_000);
    const answer = await this.#world.ask((engine) => engine.endpoints.recover(endpoint.caller, endpoint.id, since));
    this.#world.say(`recover ${endpoint.site}: ${answer.kind}`);
  }

  async resumeAll(): Promise<void> {
    for (const endpoint of [...this.#model.endpoints]) {
      while (!endpoint.standing.possible.every((status) => status === "DELETED")) {
        // A request to another node to pause it may still be in progress.
        const isResumed = await this.#setStatus(endpoint, "ACTIVE");
        if (isResumed && endpoint.standing.possible.every((status) => status === "ACTIVE")) break;
        const view = await this.#world.ask((engine) => engine.endpoints.get(endpoint.caller, endpoint.id));
        if (view.kind === "ok" && view.value === null) endpoint.standing.observe("DELETED");
        await this.#wait(RETRY_MS);
      }
    }
  }

  // ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async publishSome(): Promise<void> {
    const caller = this.#random.pick(this.#callers);
    const count = this.#random.chance(0.1) ? 40 + this.#random.below(80) : 1 + this.#random.below(12);
    await Promise.all(
      Array.from({ length: count }, async () => {
        const input = this.#inputFor(caller);
        // Two concurrent publishes with the same key create one event.
        if (input.idempotencyKey !== null && this.#random.chance(0.2)) void this.#publish(caller, input);
        await this.#publish(caller, input);
      }),
    );
  }

  #inputFor(caller: Caller): PublishInput {
    const number = this.#model.payloads.length;
    const bytes = this.#random.chance(0.02) ? 100_000 : this.#random.below(300);
    const payload = `{"n":${number}, "x":1.0,"pad":"${"é".repeat(bytes)}"}`;
    this.#model.payloads.push(payload);
    const own = this.#model.endpoints.filter((endpoint) => endpoint.caller === caller);
    const named = this.#random.chance(0.15) && own.length > 0 ? [this.#random.pick(own).id] : null;
    const key = this.#random.chance(0.2) ? `key ${number}` : null;
    return { type: this.#random.pick(TYPES), payload, endpointIds: named, idempotencyKey: key, trace: null };
  }

  async #publish(caller: Caller, input: PublishInput): Promise<void> {
    const key = input.idempotencyKey === null ? null : `${caller.tenantSeq} ${input.idempotencyKey}`;
    const listening = this.#expectedTargets(caller, input, isCertainlyListening);
    const off = this.#expectedTargets(caller, input, isCertainlyOff);
    const askedMs = key === null ? this.#timeline.nowMs : 0;
    const answer = await this.#world.ask((engine) => engine.publish(caller, input));
    const number = this.#model.payloads.indexOf(input.payload);
    this.#world.say(`publish ${number}: ${answer.kind} ${answer.kind === "ok" ? JSON.stringify(answer.value) : ""}`);
    if (answer.kind !== "ok") {
      // The result is unknown. Thanks to the key, the caller can safely retry.
      if (key !== null) await this.#wait(RETRY_MS * 4).then(() => this.#publish(caller, input));
      return;
    }
    if (key !== null) this.#compareWithFirst(key, input, answer.value);
    if (answer.value.kind !== "accepted") return;
    const { eventId, deliveries } = answer.value;
    for (const { deliveryId } of deliveries) this.#deliveryIds.push({ id: deliveryId, caller });
    if (!this.#model.events.has(eventId)) {
      const { type, payload } = input;
      const answeredMs = this.#timeline.nowMs;
      this.#model.events.set(eventId, { id: eventId, caller, type, payload, deliveries, askedMs, answeredMs });
    }
    // A repeat returns the endpoints of the first publish. If it has no deliveries, it looks like a first publish.
    if (key !== null && !deliveries.some(({ created }) => created)) return;
    const got = new Set(deliveries.map(({ endpointId }) => endpointId));
    const missing = listening.find((one) => isUnchanged(one) && !got.has(one.endpoint.id))?.endpoint;
    const surplus = off.find((one) => isUnchanged(one) && got.has(one.endpoint.id))?.endpoint;
    if (missing !== undefined)
      this.#world.fault(`event ${eventId} does not go to site ${missing.site}, whose filter matches`);
    if (surplus !== undefined)
      this.#world.fault(`event ${eventId} goes to site ${surplus.site}, which is disabled or deleted`);
  }

  #expectedTargets(caller: Caller, input: PublishInput, is: (endpoint: KnownEndpoint) => boolean): ExpectedTarget[] {
    return this.#model.endpoints
      .filter(
        (endpoint) =>
          endpoint.caller === caller &&
          (input.endpointIds?.includes(endpoint.id) ?? matchesFilters(endpoint.eventTypes, input.type)) &&
          is(endpoint),
      )
      .map((endpoint) => ({ endpoint, asked: endpoint.standing.asked }));
  }

  /** Publishes again with a key that was used before, either the same event or a different one. */
  async #repeat(): Promise<void> {
    const known = [...this.#firstAnswers];
    if (known.length === 0) return;
    const [key, { input }] = this.#random.pick(known);
    const caller = this.#callers.find(({ tenantSeq }) => key.startsWith(`${tenantSeq} `)) as Caller;
    const isSame = this.#random.chance(0.7) || this.#model.aheadMs > KEYS_FORGOTTEN_MS;
    await this.#publish(caller, isSame ? input : { ...this.#inputFor(caller), idempotencyKey: input.idempotencyKey });
  }

  #compareWithFirst(key: string, input: PublishInput, answer: PublishOutput): void {
    const first = this.#firstAnswers.get(key);
    if (first === undefined) {
      if (answer.kind === "accepted") this.#firstAnswers.set(key, { input, answer });
      return;
    }
    if (this.#model.aheadMs > KEYS_FORGOTTEN_MS) return;
    if (first.input !== input) {
      if (answer.kind !== "conflict") this.#world.fault(`key ${key} accepted different content: ${answer.kind}`);
      return;
    }
    if (answer.kind !== "accepted") this.#world.fault(`a repeat with key ${key} gets ${answer.kind}`);
    else if (!isSameAnswer(first.answer, answer)) this.#world.fault(`a repeat with key ${key} gets a different answer`);
  }

  // ── Deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────

  async #actOnDelivery(): Promise<void> {
    if (this.#deliveryIds.length === 0) return;
    const { id, caller } = this.#random.chance(0.6)
      ? (this.#deliveryIds[Math.max(0, this.#deliveryIds.length - 1 - this.#random.below(10))] as KnownDelivery)
      : this.#random.pick(this.#deliveryIds);
    if (this.#random.chance(0.4)) {
      this.#model.cancelAsked.add(id);
      const answer = await this.#world.ask((engine) => engine.history.cancel(caller, id));
      this.#world.say(`cancel ${id}: ${JSON.stringify(answer)}`);
      if (answer.kind === "ok" && answer.value === "cancelled" && !this.#revived.has(id))
        this.#model.cancelled.set(id, this.#timeline.nowMs);
      return;
    }
    this.#model.cancelled.delete(id);
    this.#revived.add(id);
    const answer = await this.#world.ask((engine) => engine.history.retry(caller, id));
    this.#world.say(`retry ${id}: ${answer.kind === "ok" ? answer.value.kind : answer.kind}`);
  }

  async #replay(): Promise<void> {
    if (this.#deliveryIds.length === 0) return;
    const { caller } = this.#random.pick(this.#deliveryIds);
    const own = this.#deliveryIds.filter((delivery) => delivery.caller === caller);
    const ids = Array.from({ length: 1 + this.#random.below(8) }, () => this.#random.pick(own).id);
    const answer = await this.#world.ask((engine) => engine.history.replay(caller, ids, this.#random.chance(0.2)));
    this.#world.say(`replay: ${JSON.stringify(answer.kind === "ok" ? { ...answer.value, batchId: null } : answer)}`);
    if (answer.kind === "ok" && answer.value.kind === "unknown")
      this.#world.fault("a replay does not find known deliveries");
  }

  async act(): Promise<void> {
    const live = this.#model.endpoints.filter(({ standing }) => !standing.possible.includes("DELETED"));
    const endpoint = live.length === 0 ? null : this.#random.pick(live);
    if (endpoint === null) return this.#createEndpoint();
    const acts: readonly [number, () => Promise<unknown>][] = [
      [20, () => this.#setStatus(endpoint, "PAUSED")],
      [8, () => this.#setStatus(endpoint, "DISABLED")],
      [35, () => this.#setStatus(endpoint, "ACTIVE")],
      [3, () => this.#remove(endpoint)],
      [4, () => this.#createEndpoint()],
      [15, () => this.#patch(endpoint)],
      [6, () => this.#rotateSecret(endpoint)],
      [4, () => this.#test(endpoint)],
      [6, () => this.#recover(endpoint)],
      [12, () => this.#repeat()],
      [45, () => this.#actOnDelivery()],
      [8, () => this.#replay()],
    ];
    await pickWeighted(this.#random, acts)();
  }
}

export function createWorkload(world: World): Workload {
  return new RandomWorkload(world);
}

type Accepted = Extract<PublishOutput, { kind: "accepted" }>;

function isSameAnswer(a: Accepted, b: Accepted): boolean {
  const text = ({ eventId, deliveries }: Accepted) =>
    JSON.stringify([eventId, deliveries.map(({ deliveryId, endpointId }) => [deliveryId, endpointId])]);
  return text(a) === text(b);
}
