/** Pairs of verbs that meet on an endpoint, its lane, or a delivery. */
import assert from "node:assert/strict";
import { StoreUnavailable } from "../../../src/domain/errors.ts";
import type { Held } from "../../conformance/store/access/tenancy.ts";
import { HOUR, SECOND, START } from "../../conformance/store/delivery/times.ts";
import { exhausted, failed, gone, succeeded } from "../../conformance/store/delivery/verdicts.ts";
import { inOrder, meet, type Node, type Pair, pair } from "./interleave.ts";

const LATER = START + HOUR;

const stateOf = async ({ tenant }: Node, { id }: Pick<Held, "id">) => (await tenant.row(id)).state;
const kindsOf = (results: readonly { readonly kind: string }[]) => results.map(({ kind }) => kind);
const idsOf = (deliveries: readonly { readonly id: string }[]) => deliveries.map(({ id }) => id);

/** Publishes to an endpoint that is changed meanwhile. The change makes what the publish matched outdated. */
function publishBesideChange(
  name: string,
  status: "ACTIVE" | "PAUSED",
  change: (b: Node, id: Parameters<Node["store"]["getEndpoint"]>[1]) => Promise<unknown>,
  expected: (a: Node, id: Held["id"]) => Promise<void>,
): Pair {
  return pair(["publish", name], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    if (status === "PAUSED") await a.tenant.patch(endpoint, { status }, START);
    const request = await a.tenant.request([endpoint]);
    const id = request.targets[0]?.deliveryId ?? assert.fail();
    return meet(
      () => a.store.publish([request]),
      () => change(b, endpoint.id),
      async ({ a: [result], first }) => {
        assert.equal(result?.kind, first === "a" ? "published" : "stale");
        if (first === "a") await expected(a, id);
      },
    );
  });
}

const STATUS = { now: LATER } as const;

export const DELIVERY_PAIRS: readonly Pair[] = [
  publishBesideChange(
    "resume",
    "PAUSED",
    ({ store, tenant }, id) => store.patchEndpoint({ ...tenant.owner, id, status: "ACTIVE", ...STATUS }),
    async ({ tenant }, id) => assert.equal((await tenant.row(id)).state, "PENDING"),
  ),
  publishBesideChange(
    "pause",
    "ACTIVE",
    ({ store, tenant }, id) => store.patchEndpoint({ ...tenant.owner, id, status: "PAUSED", ...STATUS }),
    async ({ tenant }, id) => assert.equal((await tenant.row(id)).state, "IN_PROGRESS"),
  ),
  publishBesideChange(
    "patch",
    "ACTIVE",
    ({ store, tenant }, id) =>
      store.patchEndpoint({ ...tenant.owner, id, settings: { url: "https://x.example" }, ...STATUS }),
    async ({ tenant }, id) => assert.equal((await tenant.row(id)).state, "IN_PROGRESS"),
  ),
  publishBesideChange(
    "delete endpoint",
    "PAUSED",
    ({ store, tenant }, id) => store.deleteEndpoint({ ...tenant.owner, id, ...STATUS }),
    async ({ tenant }, id) => assert.equal((await tenant.row(id)).state, "CANCELLED"),
  ),
  pair(["publish", "publish with the same key"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const requests = [a, b].map(({ tenant }) => tenant.request([endpoint], { key: { name: "k" } }));
    const [one, other] = await Promise.all(requests);
    return meet(
      async () => (await a.store.publish([one ?? assert.fail()]))[0] ?? assert.fail(),
      async () => (await b.store.publish([other ?? assert.fail()]))[0] ?? assert.fail(),
      async (answers) => {
        const [winner, loser] = inOrder(answers);
        assert.deepEqual(kindsOf([winner, loser]), ["published", "repeated"]);
        const eventId = (answers.first === "a" ? one : other)?.event.id;
        assert.equal(loser.kind === "repeated" && loser.eventId, eventId);
        assert.equal((await a.tenant.all()).length, 1);
      },
    );
  }),
  pair(["create endpoint", "create endpoint at the limit"], async ({ a, b, sql }) => {
    await a.tenant.endpoint();
    await sql(`UPDATE signalbox.tenants SET quotas = '{"endpoints":2}' WHERE seq = ${a.tenant.tenantSeq}`);
    const create = ({ tenant }: Node) =>
      tenant.endpoint().then(
        () => "created",
        (error) => {
          if (error instanceof StoreUnavailable) throw error;
          return "refused";
        },
      );
    return meet(
      () => create(a),
      () => create(b),
      (answers) => assert.deepEqual(inOrder(answers), ["created", "refused"]),
    );
  }),
  pair(["claim", "claim"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const waiting = [await a.tenant.waiting(endpoint), await a.tenant.waiting(endpoint)];
    return meet(
      () => a.tenant.claim(endpoint, LATER, 10),
      () => b.tenant.claim(endpoint, LATER, 10),
      (answers) => {
        const [winner, loser] = inOrder(answers);
        assert.deepEqual([idsOf(winner), idsOf(loser)], [idsOf(waiting), []]);
      },
    );
  }),
  pair(["claim", "pause"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const waiting = await a.tenant.waiting(endpoint);
    return meet(
      () => a.tenant.claim(endpoint, LATER),
      () => b.tenant.patch(endpoint, { status: "PAUSED" }, LATER),
      async ({ a: claimed, first }) => {
        assert.equal(claimed.length, first === "a" ? 1 : 0);
        assert.equal(await stateOf(a, waiting), first === "a" ? "IN_PROGRESS" : "HELD");
      },
    );
  }),
  pair(["claim", "cancel"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const waiting = await a.tenant.waiting(endpoint);
    return meet(
      () => a.tenant.claim(endpoint, LATER),
      () => b.store.cancel(b.tenant.ofDelivery(waiting.id, LATER)),
      async ({ a: claimed, b: cancelled, first }) => {
        assert.equal(claimed.length, first === "a" ? 1 : 0);
        assert.equal(cancelled.kind, first === "a" ? "requested" : "cancelled");
        assert.equal(await stateOf(a, waiting), first === "a" ? "IN_PROGRESS" : "CANCELLED");
      },
    );
  }),
  pair(["publish to an ordered endpoint", "publish to it"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint({ ordered: true });
    const requests = await Promise.all([a, b].map(({ tenant }) => tenant.request([endpoint])));
    const [ofA = assert.fail(), ofB = assert.fail()] = requests;
    return meet(
      () => a.store.publish([ofA]),
      () => b.store.publish([ofB]),
      async ({ first }) => {
        const states = await Promise.all(
          (first === "a" ? [ofA, ofB] : [ofB, ofA]).map(({ targets: [target = assert.fail()] }) =>
            stateOf(a, { id: target.deliveryId }),
          ),
        );
        assert.deepEqual(states, ["IN_PROGRESS", "PENDING"]);
      },
    );
  }),
  pair(["release", "claim"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint({ ordered: true });
    const held = await a.tenant.leased(endpoint);
    return meet(
      () => a.tenant.release([held], LATER, [endpoint]),
      () => b.tenant.claim(endpoint, LATER),
      async ({ b: claimed, first }) => {
        assert.deepEqual(idsOf(claimed), first === "a" ? [held.id] : []);
        assert.equal(await stateOf(a, held), first === "a" ? "IN_PROGRESS" : "PENDING");
      },
    );
  }),
  pair(["settle", "cancel"], async ({ a, b }) => {
    const held = await a.tenant.leased(await a.tenant.endpoint());
    return meet(
      () => a.tenant.settle(held, failed(LATER)),
      () => b.store.cancel(b.tenant.ofDelivery(held.id, LATER)),
      async ({ a: settled, b: cancelled, first }) => {
        assert.equal(settled.state, first === "a" ? "SCHEDULED" : "CANCELLED");
        assert.equal(cancelled.kind, first === "a" ? "cancelled" : "requested");
        assert.equal(await stateOf(a, held), "CANCELLED");
      },
    );
  }),
  pair(["settle", "pause"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const held = await a.tenant.leased(endpoint);
    return meet(
      () => a.tenant.settle(held, failed(LATER)),
      () => b.tenant.patch(endpoint, { status: "PAUSED" }, LATER),
      async () => assert.equal(await stateOf(a, held), "HELD"),
    );
  }),
  pair(["settle", "delete endpoint"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const held = await a.tenant.leased(endpoint);
    return meet(
      () => a.tenant.settle(held, failed(LATER)),
      () => b.tenant.remove(endpoint, LATER),
      async () => assert.equal(await stateOf(a, held), "CANCELLED"),
    );
  }),
  pair(["settle that disables", "resume"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const held = await a.tenant.leased(endpoint);
    return meet(
      () => a.tenant.settle(held, gone),
      () => b.tenant.patch(endpoint, { status: "ACTIVE" }, LATER),
      async ({ a: settled, first }) => {
        // The result of an attempt that began before the endpoint was made ACTIVE says nothing about it.
        assert.equal(settled.disabled, first === "a");
        assert.equal((await a.tenant.view(endpoint)).endpoint.status, "ACTIVE");
      },
    );
  }),
  pair(["settle", "settle of another node's delivery of the endpoint"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const [ofA, ofB] = [await a.tenant.leased(endpoint), await b.tenant.leased(endpoint)];
    return meet(
      () => a.tenant.settle(ofA, failed(LATER), { generation: endpoint.generation }),
      () => b.tenant.settle(ofB, failed(LATER), { generation: endpoint.generation }),
      async ({ a: one, b: other }) => {
        const streaks = [one, other].map(({ lane }) => lane.health.failureStreak);
        assert.deepEqual(streaks.toSorted(), [1, 2]);
        assert.notEqual(one.attemptSeq, other.attemptSeq);
      },
    );
  }),
  pair(["retry", "cancel"], async ({ a, b }) => {
    const held = await a.tenant.leased(await a.tenant.endpoint());
    await a.tenant.settle(held, exhausted);
    return meet(
      () => a.store.retry(a.tenant.ofDelivery(held.id, LATER)),
      () => b.store.cancel(b.tenant.ofDelivery(held.id, LATER)),
      async ({ a: retried, b: cancelled, first }) => {
        assert.equal(retried.kind, "queued");
        assert.equal(cancelled.kind, first === "a" ? "cancelled" : "ended");
        assert.equal(await stateOf(a, held), first === "a" ? "CANCELLED" : "PENDING");
      },
    );
  }),
  pair(["retry", "retry"], async ({ a, b }) => {
    const held = await a.tenant.leased(await a.tenant.endpoint());
    await a.tenant.settle(held, exhausted);
    return meet(
      () => a.store.retry(a.tenant.ofDelivery(held.id, LATER)),
      () => b.store.retry(b.tenant.ofDelivery(held.id, LATER)),
      (answers) => assert.deepEqual(kindsOf(inOrder(answers)), ["queued", "invalid"]),
    );
  }),
  pair(["replay", "delete endpoint"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const held = await a.tenant.leased(endpoint);
    await a.tenant.settle(held, succeeded);
    return meet(
      () => a.store.replay({ ...a.tenant.owner, deliveryIds: [held.id], dryRun: false, now: LATER }),
      () => b.tenant.remove(endpoint, LATER),
      async ({ a: replayed, first }) => {
        assert.equal(replayed.kind === "created" && replayed.count, first === "a" ? 1 : 0);
        const states = (await a.tenant.all()).map(({ state }) => state);
        assert.deepEqual(states, first === "a" ? ["CANCELLED", "DELIVERED"] : ["DELIVERED"]);
      },
    );
  }),
  pair(["patch", "patch"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    return meet(
      () => a.tenant.patch(endpoint, { settings: { name: "Of A" } }, LATER),
      () => b.tenant.patch(endpoint, { settings: { timeoutSeconds: 7 } }, LATER),
      async ({ a: one, b: other }) => {
        const { name, timeoutSeconds } = (await a.tenant.view(endpoint)).endpoint;
        assert.deepEqual([name, timeoutSeconds], ["Of A", 7]);
        assert.notEqual(one.lane.revision, other.lane.revision);
      },
    );
  }),
  pair(["record a test", "record the same test"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const request = await a.tenant.request([endpoint], { type: "test" });
    const { attempt } = a.tenant.settlement(
      { seq: 0, id: a.newId(), token: 0, endpointSeq: endpoint.seq, attempts: 0 },
      succeeded,
    );
    const record = {
      tenantSeq: a.tenant.tenantSeq,
      endpointSeq: endpoint.seq,
      event: request.event,
      deliveryId: a.newId(),
      format: endpoint.format,
      attempt: { ...attempt, startedAt: START - SECOND },
      transition: succeeded.transition,
    };
    return meet(
      () => a.store.recordTest(record),
      () => b.store.recordTest(record),
      async () => assert.equal((await a.tenant.all()).length, 1),
    );
  }),
];
