/** The callers' requests: every operation of the engine, at random times, some of them concurrently. */
import type { Actor } from "../../src/domain/access/access.ts";
import { matchesFilters } from "../../src/domain/delivery/event.ts";
import type { EndpointSettings } from "../../src/domain/endpoints/endpoint.ts";
import { nextUuid, type Uuid } from "../../src/domain/ids.ts";
import type { Caller } from "../../src/engine/access/caller.ts";
import type { PublishInput, PublishOutput } from "../../src/engine/delivery/publish-types.ts";
import { type Effect, effectOf } from "./answers.ts";
import { createInboundWorkload, type InboundWorkload } from "./inbound/inbound-workload.ts";
import type { World } from "./machine.ts";
import { isCertainlyListening, isCertainlyOff, KEYS_FORGOTTEN_MS, type KnownEndpoint, type Standing } from "./model.ts";
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

export function createWorkload(world: World): Workload {
  const { model, random, timeline } = world;
  const callers: Caller[] = [];
  const deliveryIds: { readonly id: Uuid; readonly caller: Caller }[] = [];
  /** The first accepted publish, by tenant and idempotency key. */
  const firstAnswers = new Map<string, { readonly input: PublishInput; readonly answer: Accepted }>();
  let sites = 0;
  const secretOf = (number: number) => `a secret of the simulation ${number}`;
  let secrets = 0;

  const wait = (ms: number) => new Promise<void>((resolve) => timeline.after(ms, resolve));

  /** Retries while the server refuses requests or is down. */
  async function askUntilAnswered<T>(question: Parameters<World["ask"]>[0]): Promise<T> {
    for (;;) {
      const answer = await world.ask(question);
      if (answer.kind === "ok") return answer.value as T;
      await wait(RETRY_MS);
    }
  }

  // ── Tenants and endpoints ───────────────────────────────────────────────────────────────────────────────────────

  async function setUp(): Promise<void> {
    const system = callerOf(0, nextUuid({ lastMs: 0, randA: 0, high: 0, low: 0 }, 1, random.word));
    for (let count = 1 + random.below(3); count > 0; count -= 1) {
      const { tenant } = await askUntilAnswered<{ tenant: { id: Uuid; seq: number } }>((engine) =>
        engine.access.createTenant(system, "Tenant"),
      );
      callers.push(callerOf(tenant.seq, tenant.id));
      for (let more = 1 + random.below(4); more > 0; more -= 1) await createEndpoint();
    }
    await inbound.setUp();
  }

  async function createEndpoint(): Promise<void> {
    sites += 1;
    const site = sites;
    const caller = random.chance(0.7) ? (callers.at(-1) as Caller) : random.pick(callers);
    const secret = secretOf(++secrets);
    const settings: Omit<EndpointSettings, "name"> = {
      url: siteUrl(site, 1),
      description: null,
      eventTypes: random.pick(FILTERS),
      format: random.chance(0.75) ? "plain" : random.pick(["standard", "pacspace", "pausepoint"]),
      headers: {},
      timeoutSeconds: random.pick([1, 5, 30]),
      retryScheduleSeconds: random.pick(SCHEDULES),
      rateLimitPerSecond: random.chance(0.25) ? random.pick([1, 3, 20]) : null,
      maxInFlight: random.pick([1, 2, 5, 32]),
      ordered: random.chance(0.35),
    };
    const input = { createdThrough: "endpoints", settings: { ...settings, name: null }, secret } as const;
    const answer = await world.ask((engine) => engine.endpoints.create(caller, input));
    world.say(`endpoint at site ${site}: ${answer.kind}`);
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
      maxInFlight: createUncertain(settings.maxInFlight),
      urlVersion: createUncertain(1),
      secret: createUncertain(secret),
      standing: createUncertain<Standing>("ACTIVE"),
      activations: 0,
      lastUrlVersion: 1,
    };
    model.endpoints.push(known);
    model.bySite.set(site, known);
  }

  async function patch(endpoint: KnownEndpoint): Promise<void> {
    const url = ++endpoint.lastUrlVersion;
    const changes: (() => { settings: Partial<EndpointSettings>; report: (effect: Effect) => void })[] = [
      () => ({ settings: { url: siteUrl(endpoint.site, url) }, report: endpoint.urlVersion.change(url) }),
      () => {
        const maxInFlight = random.pick([1, 2, 8, 64]);
        return { settings: { maxInFlight }, report: endpoint.maxInFlight.change(maxInFlight) };
      },
      () => ({ settings: { description: "changed" }, report() {} }),
    ];
    const { settings, report } = random.pick(changes)();
    const answer = await world.ask((engine) => engine.endpoints.patch(endpoint.caller, endpoint.id, { settings }));
    world.say(`patch ${endpoint.site} ${JSON.stringify(settings)}: ${answer.kind}`);
    report(answer.kind === "ok" && answer.value.kind !== "patched" ? "none" : effectOf(answer));
  }

  async function setStatus(endpoint: KnownEndpoint, status: "ACTIVE" | "PAUSED" | "DISABLED"): Promise<boolean> {
    const report = endpoint.standing.change(status);
    if (status === "ACTIVE") endpoint.activations += 1;
    const answer = await world.ask((engine) => engine.endpoints.patch(endpoint.caller, endpoint.id, { status }));
    world.say(`${status} ${endpoint.site}: ${answer.kind}`);
    const isPatched = answer.kind === "ok" && answer.value.kind === "patched";
    report(answer.kind === "ok" && !isPatched ? "none" : effectOf(answer));
    return isPatched;
  }

  async function remove(endpoint: KnownEndpoint): Promise<void> {
    const report = endpoint.standing.change("DELETED");
    const answer = await world.ask((engine) => engine.endpoints.remove(endpoint.caller, endpoint.id));
    world.say(`delete ${endpoint.site}: ${answer.kind}`);
    report(effectOf(answer));
  }

  async function rotateSecret(endpoint: KnownEndpoint): Promise<void> {
    const secret = secretOf(++secrets);
    const report = endpoint.secret.change(secret);
    const input = { secret, overlapSeconds: random.pick([0, 10, 3600]) };
    const answer = await world.ask((engine) => engine.endpoints.rotateSecret(endpoint.caller, endpoint.id, input));
    world.say(`rotate ${endpoint.site}: ${answer.kind}`);
    report(answer.kind === "ok" && answer.value === null ? "none" : effectOf(answer));
  }

  async function test(endpoint: KnownEndpoint): Promise<void> {
    const answer = await world.ask((engine) =>
      engine.endpoints.test(endpoint.caller, endpoint.id, { kind: "own", type: null, payload: null }),
    );
    world.say(`test ${endpoint.site}: ${JSON.stringify(answer)}`);
  }

  async function recover(endpoint: KnownEndpoint): Promise<void> {
    const since = world.wall.nowMs - random.below(300_000);
    const answer = await world.ask((engine) => engine.endpoints.recover(endpoint.caller, endpoint.id, since));
    world.say(`recover ${endpoint.site}: ${answer.kind}`);
  }

  async function resumeAll(): Promise<void> {
    for (const endpoint of [...model.endpoints]) {
      while (!endpoint.standing.possible.every((status) => status === "DELETED")) {
        if (await setStatus(endpoint, "ACTIVE")) break;
        const view = await world.ask((engine) => engine.endpoints.get(endpoint.caller, endpoint.id));
        if (view.kind === "ok" && view.value === null) endpoint.standing.observe("DELETED");
        await wait(RETRY_MS);
      }
    }
  }

  // ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────────

  async function publishSome(): Promise<void> {
    const caller = random.pick(callers);
    const count = random.chance(0.1) ? 40 + random.below(80) : 1 + random.below(12);
    await Promise.all(
      Array.from({ length: count }, async () => {
        const input = inputFor(caller);
        // Two concurrent publishes with the same key create one event.
        if (input.idempotencyKey !== null && random.chance(0.2)) void publish(caller, input);
        await publish(caller, input);
      }),
    );
  }

  function inputFor(caller: Caller): PublishInput {
    const number = model.payloads.length;
    const bytes = random.chance(0.02) ? 100_000 : random.below(300);
    const payload = `{"n":${number}, "x":1.0,"pad":"${"é".repeat(bytes)}"}`;
    model.payloads.push(payload);
    const own = model.endpoints.filter((endpoint) => endpoint.caller === caller);
    const named = random.chance(0.15) && own.length > 0 ? [random.pick(own).id] : null;
    const key = random.chance(0.2) ? `key ${number}` : null;
    return { type: random.pick(TYPES), payload, endpointIds: named, idempotencyKey: key };
  }

  async function publish(caller: Caller, input: PublishInput): Promise<void> {
    const key = input.idempotencyKey === null ? null : `${caller.tenantSeq} ${input.idempotencyKey}`;
    const listening = expectedTargets(caller, input, isCertainlyListening);
    const off = expectedTargets(caller, input, isCertainlyOff);
    const answer = await world.ask((engine) => engine.publish(caller, input));
    const number = model.payloads.indexOf(input.payload);
    world.say(`publish ${number}: ${answer.kind} ${answer.kind === "ok" ? JSON.stringify(answer.value) : ""}`);
    if (answer.kind !== "ok") {
      // The result is unknown. Thanks to the key, the caller can safely retry.
      if (key !== null) await wait(RETRY_MS * 4).then(() => publish(caller, input));
      return;
    }
    if (key !== null) compareWithFirst(key, input, answer.value);
    if (answer.value.kind !== "accepted") return;
    const { eventId, deliveries } = answer.value;
    for (const { deliveryId } of deliveries) deliveryIds.push({ id: deliveryId, caller });
    if (!model.events.has(eventId)) {
      model.events.set(eventId, { id: eventId, caller, type: input.type, payload: input.payload, deliveries });
    }
    // A repeat returns the endpoints of the first publish. If it has no deliveries, it looks like a first publish.
    if (key !== null && !deliveries.some(({ created }) => created)) return;
    const got = new Set(deliveries.map(({ endpointId }) => endpointId));
    const missing = listening.find((one) => isUnchanged(one) && !got.has(one.endpoint.id))?.endpoint;
    const surplus = off.find((one) => isUnchanged(one) && got.has(one.endpoint.id))?.endpoint;
    if (missing !== undefined)
      world.fault(`event ${eventId} does not go to site ${missing.site}, whose filter matches`);
    if (surplus !== undefined)
      world.fault(`event ${eventId} goes to site ${surplus.site}, which is disabled or deleted`);
  }

  function expectedTargets(
    caller: Caller,
    input: PublishInput,
    is: (endpoint: KnownEndpoint) => boolean,
  ): ExpectedTarget[] {
    return model.endpoints
      .filter(
        (endpoint) =>
          endpoint.caller === caller &&
          (input.endpointIds?.includes(endpoint.id) ?? matchesFilters(endpoint.eventTypes, input.type)) &&
          is(endpoint),
      )
      .map((endpoint) => ({ endpoint, asked: endpoint.standing.asked }));
  }

  /** Publishes again with a key that was used before, either the same event or a different one. */
  async function repeat(): Promise<void> {
    const known = [...firstAnswers];
    if (known.length === 0) return;
    const [key, { input }] = random.pick(known);
    const caller = callers.find(({ tenantSeq }) => key.startsWith(`${tenantSeq} `)) as Caller;
    const isSame = random.chance(0.7) || model.aheadMs > KEYS_FORGOTTEN_MS;
    await publish(caller, isSame ? input : { ...inputFor(caller), idempotencyKey: input.idempotencyKey });
  }

  function compareWithFirst(key: string, input: PublishInput, answer: PublishOutput): void {
    const first = firstAnswers.get(key);
    if (first === undefined) {
      if (answer.kind === "accepted") firstAnswers.set(key, { input, answer });
      return;
    }
    if (model.aheadMs > KEYS_FORGOTTEN_MS) return;
    if (first.input !== input) {
      if (answer.kind !== "conflict") world.fault(`key ${key} accepted different content: ${answer.kind}`);
      return;
    }
    if (answer.kind !== "accepted") world.fault(`a repeat with key ${key} gets ${answer.kind}`);
    else if (!isSameAnswer(first.answer, answer)) world.fault(`a repeat with key ${key} gets a different answer`);
  }

  // ── Deliveries ──────────────────────────────────────────────────────────────────────────────────────────────────

  async function actOnDelivery(): Promise<void> {
    if (deliveryIds.length === 0) return;
    const { id, caller } = random.chance(0.6)
      ? (deliveryIds[Math.max(0, deliveryIds.length - 1 - random.below(10))] as (typeof deliveryIds)[number])
      : random.pick(deliveryIds);
    if (random.chance(0.4)) {
      model.cancelAsked.add(id);
      const answer = await world.ask((engine) => engine.history.cancel(caller, id));
      world.say(`cancel ${id}: ${JSON.stringify(answer)}`);
      if (answer.kind === "ok" && answer.value === "cancelled" && !revived.has(id)) model.cancelled.add(id);
      return;
    }
    model.cancelled.delete(id);
    revived.add(id);
    const answer = await world.ask((engine) => engine.history.retry(caller, id));
    world.say(`retry ${id}: ${answer.kind === "ok" ? answer.value.kind : answer.kind}`);
  }
  /** Deliveries with a retry request. If it raced with a cancel, either result is valid. */
  const revived = new Set<Uuid>();

  async function replay(): Promise<void> {
    if (deliveryIds.length === 0) return;
    const { caller } = random.pick(deliveryIds);
    const own = deliveryIds.filter((delivery) => delivery.caller === caller);
    const ids = Array.from({ length: 1 + random.below(8) }, () => random.pick(own).id);
    const answer = await world.ask((engine) => engine.history.replay(caller, ids, random.chance(0.2)));
    world.say(`replay: ${JSON.stringify(answer.kind === "ok" ? { ...answer.value, batchId: null } : answer)}`);
    if (answer.kind === "ok" && answer.value.kind === "unknown") world.fault("a replay does not find known deliveries");
  }

  async function act(): Promise<void> {
    const live = model.endpoints.filter(({ standing }) => !standing.possible.includes("DELETED"));
    const endpoint = live.length === 0 ? null : random.pick(live);
    if (endpoint === null) return createEndpoint();
    const acts: readonly [number, () => Promise<unknown>][] = [
      [20, () => setStatus(endpoint, "PAUSED")],
      [8, () => setStatus(endpoint, "DISABLED")],
      [35, () => setStatus(endpoint, "ACTIVE")],
      [3, () => remove(endpoint)],
      [4, createEndpoint],
      [15, () => patch(endpoint)],
      [6, () => rotateSecret(endpoint)],
      [4, () => test(endpoint)],
      [6, () => recover(endpoint)],
      [12, repeat],
      [45, actOnDelivery],
      [8, replay],
    ];
    await pickWeighted(random, acts)();
  }

  const inbound = createInboundWorkload(world, callers);
  return { setUp, act, publishSome, resumeAll, pauses: createPauseWorkload(world, callers), inbound };
}

/** An endpoint, and how many changes of its status had been requested. */
interface ExpectedTarget {
  readonly endpoint: KnownEndpoint;
  readonly asked: number;
}

function isUnchanged({ endpoint, asked }: ExpectedTarget): boolean {
  return endpoint.standing.asked === asked;
}

type Accepted = Extract<PublishOutput, { kind: "accepted" }>;

function callerOf(tenantSeq: number, tenantId: Uuid): Caller {
  const actor: Actor = { kind: "key", id: tenantId, role: "global_admin", tenantId, tenantSeq, test: false };
  return { actor, tenantId, tenantSeq };
}

function isSameAnswer(a: Accepted, b: Accepted): boolean {
  const text = ({ eventId, deliveries }: Accepted) =>
    JSON.stringify([eventId, deliveries.map(({ deliveryId, endpointId }) => [deliveryId, endpointId])]);
  return text(a) === text(b);
}
