import assert from "node:assert/strict";
import { test } from "node:test";
import type { Uuid } from "../../../../src/domain/ids.ts";
import { DAY, HOUR, SECOND, START } from "../delivery/times.ts";
import { type OpenStore, useWorld, type World, withWorld } from "../world.ts";
import { ANY_PAUSE, createAsking } from "./asking.ts";

const newAsking = async (world: World) => {
  const tenant = await world.newTenant();
  return { tenant, ...createAsking(world, tenant) };
};

async function sweepAll(world: World, now: number, retentionMs: number): Promise<void> {
  while ((await world.store.sweep({ now, retentionMs })).more);
}

export function deadlineCases(open: OpenStore): void {
  const world = useWorld(open);

  test("before its deadline, a pause does not time out, and an answer decides it", async () => {
    const { ask, answer, expire } = await newAsking(world);
    const pause = await ask({ expiresAt: START + SECOND });
    assert.deepEqual(await expire(pause, START + SECOND - 1), { kind: "pending", pause, woken: [] });
    assert.equal((await answer(pause, { now: START + SECOND - 1 })).kind, "ended");
  });

  test("from its deadline on, an answer or a cancellation stores the timeout instead", async () => {
    const { tenant, ask, answer, cancel, find, events, audit } = await newAsking(world);
    const endpoint = await tenant.endpoint();
    for (const [index, end] of [answer, cancel].entries()) {
      const pause = await ask({ expiresAt: START + SECOND, timeoutDefault: "no" });
      const late = { now: START + SECOND };
      const result = end === answer ? await answer(pause, late) : await cancel(pause, late.now);
      assert(result.kind === "before");
      const ending = { status: "timed_out", choice: "no", at: START + SECOND } as const;
      assert.deepEqual(result.pause, { ...pause, ending, eventId: result.pause.eventId });
      assert.deepEqual(await find(pause), result.pause);
      assert.deepEqual(
        result.woken.map(({ endpointSeq }) => endpointSeq),
        [endpoint.seq],
      );
      assert.deepEqual(
        (await events(endpoint)).map(({ type }) => type),
        Array(index + 1).fill("pause.timed_out"),
      );
      const refused = end === answer ? [["pause.answer_refused", "human", { choice: "yes", status: "timed_out" }]] : [];
      assert.deepEqual(
        (await audit({ pauseId: pause.id })).slice(1).map(({ type, actor, data }) => [type, actor, data]),
        [["pause.timed_out", "system", { choice: "no" }], ...refused],
      );
    }
  });

  test("a timeout without a default has no choice, and its time is the deadline, however late it is stored", async () => {
    const { tenant, ask, expire, events } = await newAsking(world);
    const endpoint = await tenant.endpoint();
    const pause = await ask({ expiresAt: START + SECOND });
    const result = await expire(pause, START + DAY);
    assert(result.kind === "ended");
    assert.deepEqual(result.pause.ending, { status: "timed_out", choice: null, at: START + SECOND });
    const [event] = await events(endpoint);
    assert.equal(event?.payload, '{"choice":null,"response_at":null,"metadata":null}');
    assert.equal(event?.acceptedAt, START + DAY);
    assert.equal((await expire(pause, START + DAY)).kind, "before");
  });

  test("due pauses time out in bounded steps, the earliest first, each with its event", async () => {
    await withWorld(open, async (alone) => {
      const asking = await newAsking(alone);
      const others = await newAsking(alone);
      assert.deepEqual(await alone.store.endDuePauses(START, 10), { ended: [], woken: [], stepped: [], nextAt: null });
      const endpoint = await asking.tenant.endpoint();
      const expiries = [5, 3, 1, 4, 2];
      const ids = new Map<number, Uuid>();
      for (const seconds of expiries) {
        const on = seconds === 4 ? others : asking;
        ids.set(seconds, (await on.ask({ expiresAt: START + seconds * SECOND })).id);
      }
      const due = (now: number, limit: number) => alone.store.endDuePauses(START + now, limit);
      const of = (seconds: number) => {
        const { tenantSeq } = (seconds === 4 ? others : asking).tenant;
        return { id: ids.get(seconds), tenantSeq };
      };
      const wake = { endpointSeq: endpoint.seq, readyAt: START + 4 * SECOND };
      assert.deepEqual(await due(SECOND - 1, 10), { ended: [], woken: [], stepped: [], nextAt: START + SECOND });
      assert.deepEqual(await due(4 * SECOND, 2), {
        ended: [1, 2].map(of),
        woken: [wake],
        stepped: [],
        nextAt: START + 3 * SECOND,
      });
      await alone.restart(START + 4 * SECOND);
      assert.deepEqual(await due(4 * SECOND, 10), {
        ended: [3, 4].map(of),
        woken: [wake],
        stepped: [],
        nextAt: START + 5 * SECOND,
      });
      assert.deepEqual(await due(4 * SECOND, 10), { ended: [], woken: [], stepped: [], nextAt: START + 5 * SECOND });
      assert.equal((await asking.events(endpoint)).length, 3);
      assert.deepEqual((await due(DAY, 10)).nextAt, null);
    });
  });

  test("a pause that ended in another way is no longer due", async () => {
    await withWorld(open, async (alone) => {
      const { ask, answer, cancel } = await newAsking(alone);
      await answer(await ask());
      await cancel(await ask());
      assert.deepEqual(await alone.store.endDuePauses(START + DAY, 10), {
        ended: [],
        woken: [],
        stepped: [],
        nextAt: null,
      });
    });
  });

  // ── Retention ───────────────────────────────────────────────────────────────────────────────────────────────────

  test("a pause is deleted the retention time after it ended, and never while it is pending", async () => {
    await withWorld(open, async (alone) => {
      const { ask, answer, cancel, expire, tenant } = await newAsking(alone);
      const gone = [await ask(), await ask(), await ask()] as const;
      const kept = [await ask({ expiresAt: START + 400 * DAY }), await ask(), await ask()] as const;
      await answer(gone[0]);
      await cancel(gone[1]);
      await expire(gone[2]);
      await answer(kept[1], { now: START + HOUR - 1 });
      await expire(kept[2], START + 30 * DAY); // stored late, so the caller can still read it for the whole time
      const now = START + 10 * DAY + HOUR - 1;
      await sweepAll(alone, now, 10 * DAY);
      const ids = async () => {
        const { pauses } = await alone.store.listPauses({ ...ANY_PAUSE, tenantSeq: tenant.tenantSeq }, null, 10);
        return pauses.map(({ id }) => id).toSorted();
      };
      assert.deepEqual(await ids(), [gone[2], ...kept].map(({ id }) => id).toSorted());
      await sweepAll(alone, now + 2 * HOUR, 10 * DAY);
      assert.deepEqual(await ids(), [kept[0], kept[2]].map(({ id }) => id).toSorted());
    });
  });

  test("a pause is kept at least as long as its idempotency key, and its sequence number is not reused", async () => {
    await withWorld(open, async (alone) => {
      const { ask, answer, request } = await newAsking(alone);
      const key = { name: "k" };
      const pause = await ask({ key });
      await answer(pause);
      await sweepAll(alone, START + 72 * HOUR - 1, HOUR);
      const repeat = await alone.store.createPause(request({ key, now: START + 72 * HOUR - 1 }));
      assert(repeat.kind === "repeated" && repeat.pause.id === pause.id);
      await sweepAll(alone, START + 74 * HOUR, HOUR);
      assert.equal(await alone.store.getPause(null, pause.id), null);
      const next = await ask({ key, now: START + 74 * HOUR });
      assert(next.seq > pause.seq);
    });
  });
}
