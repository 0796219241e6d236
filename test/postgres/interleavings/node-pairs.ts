/** Pairs of verbs that meet on a node, or on what nodes do in the background. */
import assert from "node:assert/strict";
import { TOKENS_PER_NODE } from "../../../src/domain/delivery/lease-token.ts";
import { NodeGone } from "../../../src/domain/errors.ts";
import { ANY_DELIVERY } from "../../../src/domain/history/ledger.ts";
import type { EpochMs } from "../../../src/domain/ids.ts";
import { DAY, HOUR, START } from "../../conformance/store/delivery/times.ts";
import { exhausted, succeeded } from "../../conformance/store/delivery/verdicts.ts";
import { inOrder, meet, type Node, type Pair, pair, type Stage } from "./interleave.ts";

const LATER = START + HOUR;
/** Each pass of retention begins at least an hour after the one before. */
let passes = 0;

const beat = ({ store }: Node) => store.heartbeat(START, true);

/** The node was not heard for 20 s, and the other one was. */
async function silence({ b, sql }: Stage, node: number): Promise<void> {
  await sql(`UPDATE signalbox.nodes SET seen_at = seen_at - 20000 WHERE node = ${node}`);
  await sql(`UPDATE signalbox.nodes SET heard_since = heard_since - 20000 WHERE node = ${b.number}`);
}

/** `gone`: the others have taken the node for dead. */
async function orGone<T>(verb: Promise<T>): Promise<T | "gone"> {
  try {
    return await verb;
  } catch (error) {
    if (error instanceof NodeGone) return "gone";
    throw error;
  }
}

/** A time at which everything is too old that was made at START. */
function nextPass(): EpochMs {
  passes += 1;
  return START + (5 + passes) * DAY;
}

async function sweepAll({ store }: Node, now = nextPass()): Promise<void> {
  while ((await store.sweep({ now, retentionMs: DAY })).more);
}

async function stepAll({ store }: Node): Promise<void> {
  while (!(await store.stepJob(LATER)).idle);
}

export const NODE_PAIRS: readonly Pair[] = [
  pair(["settle", "take the node for dead"], async (stage) => {
    const { a, b } = stage;
    const held = await a.tenant.leased(await a.tenant.endpoint());
    await silence(stage, a.number);
    return meet(
      () => orGone(a.tenant.settle(held, succeeded)),
      () => beat(b),
      async ({ a: settled, first }) => {
        assert.equal(settled === "gone" ? settled : settled.kind, first === "a" ? "settled" : "gone");
        assert.equal((await b.tenant.row(held.id)).state, first === "a" ? "DELIVERED" : "PENDING");
      },
    );
  }),
  pair(["publish", "take the node for dead"], async (stage) => {
    const { a, b } = stage;
    const endpoint = await a.tenant.endpoint();
    const request = await a.tenant.request([endpoint]);
    await silence(stage, a.number);
    return meet(
      () => orGone(a.store.publish([request])),
      () => beat(b),
      async ({ a: published, first }) => {
        assert.equal(published === "gone", first === "b");
        const states = (await b.tenant.all()).map(({ state }) => state);
        assert.deepEqual(states, first === "a" ? ["PENDING"] : []);
        assert.equal((await b.tenant.claim(endpoint, LATER)).length, states.length);
      },
    );
  }),
  pair(["enter again", "take the node for dead"], async (stage) => {
    const { a, b } = stage;
    const held = await a.tenant.leased(await a.tenant.endpoint());
    await silence(stage, a.number);
    return meet(
      () => a.store.enter(START),
      () => beat(b),
      async ({ a: { node } }) => {
        assert.notEqual(node, a.number);
        const nodes = (await b.store.listNodes()).map((one) => one.node);
        assert.deepEqual(nodes, [b.number, node]);
        assert.equal((await b.tenant.row(held.id)).state, "PENDING");
      },
    );
  }),
  pair(["enter", "enter"], async ({ a, b }) =>
    meet(
      () => a.store.enter(START),
      () => b.store.enter(START),
      async ({ a: one, b: other }) => {
        const nodes = (await a.store.listNodes()).map(({ node }) => node);
        assert.deepEqual(
          nodes,
          [one.node, other.node].toSorted((x, y) => x - y),
        );
      },
    ),
  ),
  pair(["leave", "take the node for dead"], async (stage) => {
    const { a, b } = stage;
    const held = await a.tenant.leased(await a.tenant.endpoint({ ordered: true }));
    await silence(stage, a.number);
    return meet(
      () => orGone(a.store.leave(START)),
      () => beat(b),
      async () => {
        assert.deepEqual(
          (await b.store.listNodes()).map(({ node }) => node),
          [b.number],
        );
        assert.equal((await b.tenant.row(held.id)).state, "PENDING");
      },
    );
  }),
  pair(["take a third node for dead", "take it for dead too"], async (stage) => {
    const { a, b, sql } = stage;
    const endpoint = await a.tenant.endpoint();
    const held = await a.tenant.leased(endpoint);
    const [row] = await sql(`
      INSERT INTO signalbox.nodes (entered_at, seen_at, heard_since) VALUES (0, 0, 0)
      RETURNING node`);
    const lease = Number(row?.node) * TOKENS_PER_NODE + 1;
    await sql(`UPDATE signalbox.deliveries SET lease = ${lease} WHERE seq = ${held.seq}`);
    await sql(`UPDATE signalbox.nodes SET heard_since = heard_since - 20000 WHERE node IN (${a.number}, ${b.number})`);
    return meet(
      () => beat(a),
      () => beat(b),
      async (answers) => {
        const woken = inOrder(answers).map((one) => one.woken.map(({ endpointSeq }) => endpointSeq));
        assert.deepEqual(woken, [[endpoint.seq], []]);
        assert.equal((await a.tenant.row(held.id)).state, "PENDING");
      },
    );
  }),
  pair(["start a recovery", "step a job"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const held = await a.tenant.leased(endpoint);
    await a.tenant.settle(held, exhausted);
    await stepAll(a);
    const request = { ...a.tenant.owner, endpointId: endpoint.id, jobId: a.newId(), since: START, now: START };
    return meet(
      () => a.store.startRecover(request),
      () => b.store.stepJob(LATER),
      async ({ b: { idle }, first }) => {
        assert.equal(idle, first === "b");
        await stepAll(b);
        assert.equal((await a.tenant.row(held.id)).state, "PENDING");
      },
    );
  }),
  pair(["step a job", "step a job"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const held = await a.tenant.leased(endpoint);
    await a.tenant.settle(held, exhausted);
    await stepAll(a);
    await a.store.startRecover({
      ...a.tenant.owner,
      endpointId: endpoint.id,
      jobId: a.newId(),
      since: START,
      now: START,
    });
    return meet(
      () => a.store.stepJob(LATER),
      () => b.store.stepJob(LATER),
      async () => {
        await stepAll(b);
        const { row, attempts } = await a.tenant.find(held.id);
        assert.deepEqual([row.state, attempts.length], ["PENDING", 1]);
        assert.equal((await a.tenant.all()).length, 1);
      },
    );
  }),
  pair(["step a bulk job", "make the same step"], async ({ a, b }) => {
    const held = await a.tenant.leased(await a.tenant.endpoint());
    await a.tenant.settle(held, succeeded);
    await stepAll(a);
    const filter = { ...ANY_DELIVERY, tenantSeq: a.tenant.tenantSeq };
    const { target, total } = await a.store.countBulk({ action: "replay", filter, asOf: null, now: START });
    const { actor } = a.tenant;
    await a.store.startBulk({ actor, jobId: a.newId(), target, total, perSecond: null, now: START });
    const { bulk } = await a.store.stepJob(LATER);
    const step = bulk ?? assert.fail();
    const found = await a.store.findBulk(step);
    return meet(
      () => a.store.stepBulk(step, found, LATER),
      () => b.store.stepBulk(step, found, LATER),
      async (answers) => {
        const done = inOrder(answers).map(({ progress }) => progress?.done ?? null);
        assert.deepEqual(done, [1, null]);
        assert.equal((await a.tenant.all()).length, 2);
      },
    );
  }),
  pair(["retry", "sweep"], async ({ a, b }) => {
    await sweepAll(b);
    const held = await a.tenant.leased(await a.tenant.endpoint());
    await a.tenant.settle(held, exhausted);
    const now = nextPass();
    return meet(
      () => a.store.retry(a.tenant.ofDelivery(held.id, now)),
      () => sweepAll(b, now),
      async ({ a: retried }) => {
        const isThere = (await a.store.getDelivery(a.tenant.tenantSeq, held.id)) !== null;
        assert.deepEqual([retried.kind, isThere], isThere ? ["queued", true] : ["unknown", false]);
      },
    );
  }),
  pair(["settle", "sweep"], async ({ a, b }) => {
    await sweepAll(b);
    const held = await a.tenant.leased(await a.tenant.endpoint());
    const now = nextPass();
    return meet(
      () => a.tenant.settle(held, succeeded),
      // One step: another one, after the other node has settled, would delete the delivery.
      () => b.store.sweep({ now, retentionMs: DAY }),
      async ({ a: settled, first }) => {
        assert.equal(settled.kind, "settled");
        // Nothing that has not ended is too old.
        if (first === "b") assert.equal((await a.tenant.row(held.id)).state, "DELIVERED");
      },
    );
  }),
  pair(["sweep", "sweep"], async ({ a, b }) => {
    await sweepAll(b);
    const held = await a.tenant.leased(await a.tenant.endpoint());
    await a.tenant.settle(held, exhausted);
    const now = nextPass();
    return meet(
      () => sweepAll(a, now),
      () => sweepAll(b, now),
      async () => assert.equal((await a.tenant.all()).length, 0),
    );
  }),
];
