import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore } from "../../../test/fixtures/sqlite-writing.ts";
import { createSystemClock } from "../../clock/system.ts";
import type { Endpoint } from "../../domain/endpoints/endpoint.ts";
import { CLAIM_LANES_MAX, LANE_POOL_BYTES_MAX, PAYLOAD_BYTES_MAX } from "../../domain/limits.ts";
import type { ClaimRequest } from "../../ports/store.ts";
import { claim } from "../../store/delivery/claim.ts";
import { updateLane } from "../../store/delivery/lane-rows.ts";
import { enter } from "../../store/upkeep/nodes.ts";
import { Alarms } from "../scheduling/alarms.ts";
import { Claims } from "./claims.ts";
import type { Lane } from "./lane.ts";
import { LanePool } from "./lane-pool.ts";
import { Tokens } from "./lease-tokens.ts";

/** Endpoints of two tenants in a real store, whose claims end one turn of the event loop later. */
function stage() {
  const clock = createSystemClock();
  const store = openStore();
  const { node } = store.run((w) => enter(w, clock.now()));
  const pool = new LanePool(clock);
  const calls: ClaimRequest[] = [];
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  const asked = (seq: number) => {
    const found = waiting.get(seq) ?? Promise.withResolvers<void>();
    waiting.set(seq, found);
    return found;
  };
  const claims: Claims = new Claims({
    clock,
    pool,
    tokens: new Tokens(node),
    alarms: new Alarms<Lane>(clock, (lane) => claims.look(lane)),
    store: {
      async claim(request: ClaimRequest) {
        calls.push(request);
        await new Promise((resolve) => setImmediate(resolve));
        return store.run((w) => claim(w, request));
      },
    },
    onClaimed(lane) {
      if (lane.deliveryCount > 0) asked(lane.endpointSeq).resolve();
    },
    onError: (error) => assert.fail(String(error)),
  });
  const tenants = { noisy: store.tenant(), quiet: store.tenant() };
  return {
    pool,
    claims,
    calls,
    /** Endpoints with a delivery each that waits in the store. This node owns their lanes, unless `owner` is null. */
    endpoints(tenant: keyof typeof tenants, count: number, owner: number | null = node): readonly Endpoint[] {
      const actor = tenants[tenant];
      const made = Array.from({ length: count }, () => store.endpoint({}, { actor }));
      for (const endpoint of made) {
        store.publish([endpoint], { actor, now: clock.now() });
        store.run((w) => updateLane(w.lanes.get(endpoint.seq), { owner }));
        if (owner !== null) pool.open(endpoint);
      }
      return made;
    },
    wake(endpoints: readonly Endpoint[]): void {
      claims.wake(endpoints.map(({ seq }) => ({ endpointSeq: seq, readyAt: clock.now() })));
    },
    /** Resolves when a delivery of this endpoint is claimed. */
    claimed: ({ seq }: Endpoint) => asked(seq).promise,
    /** How many calls for lanes came before the one for this endpoint's; -1 when there was none for it. */
    callsBefore: ({ seq }: Endpoint) =>
      calls
        .filter(({ adopt }) => adopt.lanesMax === 0)
        .findIndex(({ lanes }) => lanes.some((lane) => lane.endpointSeq === seq)),
  };
}

test("lanes that become due at once are all claimed, however many they are", async () => {
  const { endpoints, wake, claimed, calls, claims } = stage();
  const many = endpoints("noisy", 3 * CLAIM_LANES_MAX);
  wake(many);
  await Promise.all(many.map(claimed));
  assert.ok(calls.every(({ lanes }) => lanes.length <= CLAIM_LANES_MAX));
  await claims.stop();
});

test("a tenant's lane is claimed next, however many lanes of another tenant wait", async () => {
  const { endpoints, wake, claimed, callsBefore, claims } = stage();
  const many = endpoints("noisy", 5 * CLAIM_LANES_MAX);
  const quiet = endpoints("quiet", 1);
  wake([...many, ...quiet]);
  await Promise.all([...many, ...quiet].map(claimed));
  // The first call has begun by the time the others are woken.
  assert.deepEqual(quiet.map(callsBefore), [1]);
  await claims.stop();
});

test("lanes of a tenant at its share do not delay another tenant's, and go on when the share has capacity again", async () => {
  const { endpoints, wake, claimed, callsBefore, pool, claims } = stage();
  const held = endpoints("noisy", LANE_POOL_BYTES_MAX / PAYLOAD_BYTES_MAX / 2).flatMap(({ seq }) => {
    const lane = pool.get(seq);
    return lane !== undefined && pool.reserve(lane, PAYLOAD_BYTES_MAX) ? [lane] : [];
  });
  const many = endpoints("noisy", CLAIM_LANES_MAX);
  const quiet = endpoints("quiet", 1);
  assert.ok(many.every(({ tenantSeq }) => !pool.hasCapacity(tenantSeq)));
  wake([...many, ...quiet]);
  await Promise.all(quiet.map(claimed));
  assert.ok(many.every((endpoint) => callsBefore(endpoint) < 0));
  for (const lane of held) pool.unreserve(lane, PAYLOAD_BYTES_MAX);
  await Promise.all(many.map(claimed));
  await claims.stop();
});

test("ready lanes that no node owns are adopted when their tenant has capacity again, and another tenant's at once", async () => {
  const { endpoints, claimed, pool, claims } = stage();
  const held = endpoints("noisy", LANE_POOL_BYTES_MAX / PAYLOAD_BYTES_MAX / 2).flatMap(({ seq }) => {
    const lane = pool.get(seq);
    return lane !== undefined && pool.reserve(lane, PAYLOAD_BYTES_MAX) ? [lane] : [];
  });
  const [noisy] = endpoints("noisy", 1, null);
  const [quiet] = endpoints("quiet", 1, null);
  assert.ok(noisy !== undefined && quiet !== undefined);
  claims.discover();
  await claimed(quiet);
  assert.equal(pool.get(noisy.seq), undefined);
  for (const lane of held) pool.unreserve(lane, PAYLOAD_BYTES_MAX);
  await claimed(noisy);
  await claims.stop();
});
