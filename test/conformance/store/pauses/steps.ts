/** Reminders, escalations, later deadlines, and messages to several people. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EpochMs, Uuid } from "../../../../src/domain/ids.ts";
import type { Pause, Plan } from "../../../../src/domain/pauses/pause.ts";
import type { SettleNotification } from "../../../../src/ports/store.ts";
import { HOUR, MINUTE, START } from "../delivery/times.ts";
import { type OpenStore, type World, withWorld } from "../world.ts";
import { type AskOptions, createAsking, EMAIL, newDecider, PENDING } from "./asking.ts";

const NO_PLAN: Plan<Uuid> = { quorum: 1, veto: null, reminders: [], escalation: null };
const SENT = { kind: "sent" } as const;

/** Claims and steps span all tenants, so each case has its own store. */
function withScene(open: OpenStore, run: (scene: Awaited<ReturnType<typeof newScene>>) => Promise<void>) {
  return withWorld(open, async (world) => run(await newScene(world)));
}

async function newScene(world: World) {
  const tenant = await world.newTenant();
  const asking = createAsking(world, tenant);
  const { store } = world;
  const [ann, bob, cyd] = [
    await newDecider(world, tenant),
    await newDecider(world, tenant),
    await newDecider(world, tenant),
  ] as const;
  const claim = async (now: EpochMs) => {
    const { claimed, nextAt } = await world.store.claimNotifications({
      channel: "email",
      now,
      limit: 10,
      afterTenant: 0,
    });
    return {
      nextAt,
      to: claimed.map(({ to, reminder, attempts }) => [to?.email ?? null, reminder, attempts] as const),
    };
  };
  return {
    ...asking,
    world,
    tenant,
    ann,
    bob,
    cyd,
    claim,
    askWith: (plan: Partial<Plan<Uuid>>, options: AskOptions = {}) =>
      asking.ask({ recipient: EMAIL, notification: PENDING, plan: { ...NO_PLAN, ...plan }, ...options }),
    /** To ann and bob. */
    askBoth: (plan: Partial<Plan<Uuid>> = {}, options: AskOptions = {}) =>
      asking.ask({
        tellsApprovers: true,
        notification: PENDING,
        signIn: { protected: false, approvers: [ann.id, bob.id] },
        plan: { ...NO_PLAN, quorum: 2, ...plan },
        ...options,
      }),
    settle: (pause: Pause, outcome: SettleNotification["outcome"], now: EpochMs = START) =>
      world.store.settleNotification({ pauseId: pause.id, now, outcome }),
    step: async (now: EpochMs) => {
      const { stepped, nextAt } = await world.store.endDuePauses(now, 10);
      return { ids: stepped.map(({ id }) => id), nextAt };
    },
    extend: ({ id }: Pause, expiresAt: EpochMs, now: EpochMs = START) =>
      store.extendPause({ ...tenant.owner, id, expiresAt, now }),
    /** Claim and send every message that is due, and return whom it went to. */
    async sendAll(pause: Pause, now: EpochMs) {
      const sent: (string | null)[] = [];
      for (;;) {
        const { to } = await claim(now);
        if (to.length === 0) return sent;
        sent.push(to[0]?.[0] ?? null);
        await world.store.settleNotification({ pauseId: pause.id, now, outcome: SENT });
      }
    },
  };
}

export function stepCases(open: OpenStore): void {
  test("a reminder sends the message again at its share of the time, once, and not after the ending", () =>
    withScene(open, async ({ askWith, step, claim, settle, find, answer, audit, world }) => {
      const pause = await askWith({ reminders: [0.5, 0.75] });
      await claim(START);
      await settle(pause, SENT);
      const half = START + HOUR / 2;
      assert.deepEqual(await step(half - 1), { ids: [], nextAt: half });
      assert.deepEqual(await step(half), { ids: [pause.id], nextAt: START + 0.75 * HOUR });
      assert.deepEqual((await step(half)).ids, []);
      assert.deepEqual([(await find(pause)).reminded, (await find(pause)).notification], [1, PENDING]);
      await world.restart(half);
      assert.deepEqual(await claim(half), { to: [[null, 1, 0]], nextAt: null });
      await settle(pause, { kind: "again", at: half + 5, reason: "later" }, half);
      assert.deepEqual((await find(pause)).notification, { status: "pending", reason: "later" });
      assert.deepEqual(await claim(half), { to: [], nextAt: half + 5 });
      assert.deepEqual((await claim(half + 5)).to, [[null, 1, 1]]);
      await settle(pause, SENT, half + 5);
      assert.deepEqual((await find(pause)).notification, { status: "sent", reason: null });
      assert.deepEqual(
        (await audit({ pauseId: pause.id })).map(({ type }) => type),
        ["pause.created", "pause.notified", "pause.reminded", "pause.notified"],
      );
      await answer(pause, { now: half + 6 });
      assert.deepEqual(await step(START + 0.9 * HOUR), { ids: [], nextAt: null });
    }));

  test("steps that were missed happen once; a message that waits or is in flight is not doubled", () =>
    withScene(open, async ({ askWith, step, claim, settle, find }) => {
      const [missed, waiting] = [await askWith({ reminders: [0.1, 0.2, 0.3] }), await askWith({ reminders: [0.5] })];
      assert.equal((await claim(START)).to.length, 2);
      await settle(missed, SENT);
      const later = START + 0.6 * HOUR;
      assert.deepEqual(await step(later), { ids: [missed.id, waiting.id], nextAt: missed.expiresAt });
      assert.deepEqual((await claim(later)).to, [[null, 3, 0]], "the other one is in flight");
      await settle(waiting, SENT, later);
      assert.deepEqual((await find(waiting)).notification.status, "sent");
      assert.deepEqual((await claim(later)).to, []);
    }));

  test("a pause without a message has no reminder, and its steps do not outlast its deadline", () =>
    withScene(open, async ({ askWith, step, find, claim }) => {
      const none = { status: "none", reason: "made with a test key" } as const;
      const pause = await askWith({ reminders: [0.5] }, { notification: none });
      await step(START + 0.6 * HOUR);
      assert.deepEqual([(await find(pause)).notification, (await claim(START + HOUR)).to], [none, []]);
      const both = await askWith({ reminders: [0.5] });
      assert.equal((await step(both.expiresAt)).nextAt, null);
      assert.equal((await find(both)).ending?.status, "timed_out");
    }));

  test("an escalation lets more people decide and tells them by email, and those with a vote count as reachable", () =>
    withScene(open, async ({ askBoth, sendAll, step, find, claim, ann, bob, cyd, audit }) => {
      const escalation = { share: 0.5, approvers: [cyd.id] };
      const pause = await askBoth({ escalation });
      assert.deepEqual(pause.plan?.escalation?.approvers, [cyd.person]);
      assert.deepEqual(await sendAll(pause, START), [ann.email, bob.email]);
      assert.equal((await cyd.decide(pause)).kind, "noVote");
      await ann.decide(pause);
      await bob.decide(pause, { choice: "no" });
      assert.equal((await find(pause)).isQuorumReachable, true, "somebody else may vote later");
      const half = START + HOUR / 2;
      await step(half);
      assert.equal((await find(pause)).escalatedAt, half);
      assert.deepEqual(await sendAll(pause, half), [cyd.email]);
      const escalated = (await audit({ pauseId: pause.id, type: "pause.escalated" })).map(({ data }) => data);
      assert.deepEqual(escalated, [{ approvers: cyd.email }]);
      assert.equal((await cyd.decide(pause, { now: half })).kind, "ended");
      assert.deepEqual((await claim(half)).to, []);
    }));

  test("each approver is told once; those who fail or voted hold up nobody, and a restart repeats only the one in flight", () =>
    withScene(open, async ({ askBoth, claim, settle, find, audit, ann, bob, world }) => {
      const pause = await askBoth();
      assert.deepEqual([pause.recipient, pause.tellsApprovers], [null, true]);
      assert.deepEqual((await claim(START)).to, [[ann.email, 0, 0]]);
      assert.deepEqual((await claim(START)).to, [], "one at a time");
      await settle(pause, { kind: "again", at: START + MINUTE, reason: "421" });
      assert.deepEqual((await find(pause)).notification, { status: "pending", reason: `${ann.email}: 421` });
      assert.deepEqual((await claim(START)).to, [[bob.email, 0, 0]]);
      await world.restart(START + 1);
      assert.deepEqual((await claim(START + 1)).to, [[bob.email, 0, 1]], "it may have been sent");
      await settle(pause, SENT, START + 1);
      assert.deepEqual((await find(pause)).notification, { status: "pending", reason: null });
      assert.deepEqual((await claim(START + MINUTE)).to, [[ann.email, 0, 1]]);
      await settle(pause, { kind: "released" }, START + MINUTE);
      assert.deepEqual((await claim(START + MINUTE)).to, [[ann.email, 0, 1]]);
      await settle(pause, { kind: "failed", reason: "550" }, START + MINUTE);
      assert.deepEqual((await find(pause)).notification, { status: "failed", reason: `${ann.email}: 550` });
      const told = (await audit({ pauseId: pause.id, type: "pause.notified" })).map(({ data }) => data);
      assert.deepEqual(told, [{ channel: "email", email: bob.email }]);
    }));

  test("reminders and repeated messages leave out those who voted or can no longer decide, and the user who asked", () =>
    withScene(open, async ({ askBoth, request, sendAll, step, find, world, ann, bob, tenant, cyd }) => {
      const pause = await askBoth({ reminders: [0.5, 0.6] });
      await sendAll(pause, START);
      await ann.decide(pause);
      await step(START + HOUR / 2);
      assert.deepEqual(await sendAll(pause, START + HOUR / 2), [bob.email]);
      const again = await world.store.resendNotification({ ...tenant.owner, id: pause.id, now: START + HOUR / 2 });
      assert.equal(again.kind, "resent");
      assert.deepEqual(await sendAll(pause, START + HOUR / 2), [bob.email]);
      await world.store.setUserDisabled({ id: bob.id, disabled: true, now: START });
      await step(START + 0.6 * HOUR);
      assert.deepEqual(await sendAll(pause, START + 0.6 * HOUR), []);
      const reason = `${bob.email}: the approver can no longer decide`;
      assert.deepEqual((await find(pause)).notification, { status: "failed", reason });
      await world.store.setUserDisabled({ id: bob.id, disabled: false, now: START });
      const approvers = [ann.id, bob.id, cyd.id];
      const own = await world.store.createPause({
        ...request({
          tellsApprovers: true,
          notification: PENDING,
          signIn: { protected: false, approvers },
          plan: { ...NO_PLAN, quorum: 2 },
        }),
        actor: cyd.actor,
      });
      assert(own.kind === "created");
      assert.deepEqual(await sendAll(own.pause, START), [ann.email, bob.email]);
    }));

  test("an ending ends what waits, and names who got no message; what is in flight keeps its own result", () =>
    withScene(open, async ({ askBoth, claim, settle, find, cancel, world, ann, bob }) => {
      const [waiting, retried, lost] = [await askBoth(), await askBoth(), await askBoth()];
      const missed = (who: string) => ({ status: "failed", reason: `${who}: the pause ended first` });
      await cancel(waiting);
      assert.deepEqual((await find(waiting)).notification, missed(`${ann.email}, ${bob.email}`));
      await claim(START); // ann's
      for (const pause of [retried, lost]) await settle(pause, { kind: "again", at: START + MINUTE, reason: "421" });
      await claim(START); // bob's
      await settle(retried, SENT);
      const flying = await askBoth();
      await claim(START);
      for (const pause of [retried, flying, lost]) await cancel(pause);
      assert.deepEqual((await find(retried)).notification, missed(ann.email), "bob got his");
      assert.equal((await find(flying)).notification.status, "pending");
      await settle(flying, SENT);
      assert.deepEqual((await find(flying)).notification, missed(bob.email));
      await world.restart(START);
      assert.deepEqual((await find(lost)).notification, missed(`${bob.email}, ${ann.email}`), "his was in flight");
      assert.deepEqual((await claim(START + HOUR)).to, []);
    }));

  test("a message that an ending makes needless does not hide that an earlier one was delivered", () =>
    withScene(open, async ({ askWith, sendAll, claim, settle, step, find, cancel, world, tenant }) => {
      const sent = { status: "sent", reason: null };
      const reminded = async () => {
        const pause = await askWith({ reminders: [0.5] });
        await sendAll(pause, START);
        return pause;
      };
      const [waiting, flying] = [await reminded(), await reminded()];
      const resent = await reminded();
      const half = START + HOUR / 2;
      assert.equal(
        (await world.store.resendNotification({ ...tenant.owner, id: resent.id, now: START })).kind,
        "resent",
      );
      await cancel(resent);
      assert.deepEqual((await find(resent)).notification, sent);
      await step(half);
      await cancel(waiting);
      assert.deepEqual((await find(waiting)).notification, sent);
      assert.deepEqual((await claim(half)).to, [[null, 1, 0]]);
      await cancel(flying);
      await settle(flying, { kind: "again", at: half + 1, reason: "421" }, half);
      assert.deepEqual((await find(flying)).notification, sent);
      const failing = await askWith({ reminders: [0.5] });
      await claim(START);
      await settle(failing, { kind: "failed", reason: "550" });
      await step(half);
      await cancel(failing);
      assert.deepEqual((await find(failing)).notification, { status: "failed", reason: "the pause ended first" });
    }));

  test("a later deadline counts, and what is still to come keeps its share of the longer time", () =>
    withScene(open, async ({ askWith, extend, step, find, sendAll, answer, audit, tenant }) => {
      const pause = await askWith({ reminders: [0.25, 0.5] });
      await sendAll(pause, START);
      await step(START + HOUR / 4);
      await sendAll(pause, START + HOUR / 4);
      const extended = await extend(pause, START + 4 * HOUR, START + HOUR / 4);
      assert(extended.kind === "extended");
      assert.equal(extended.pause.expiresAt, START + 4 * HOUR);
      assert.deepEqual(await step(pause.expiresAt), { ids: [], nextAt: START + 2 * HOUR });
      assert.deepEqual(await step(START + 2 * HOUR), { ids: [pause.id], nextAt: START + 4 * HOUR });
      assert.equal((await extend(pause, START + 3 * HOUR)).kind, "notLater");
      assert.equal((await extend(pause, START + 4 * HOUR)).kind, "extended", "again");
      const entries = await audit({ pauseId: pause.id, type: "pause.extended" });
      assert.deepEqual(
        entries.map(({ data }) => [data.keyId, Object.keys(data)]),
        [[tenant.actor.id, ["expires_at", "previous_expires_at", "keyId"]]],
      );
      assert.equal((await answer(pause, { now: START + 3 * HOUR })).kind, "ended");
      assert.equal((await extend(pause, START + 9 * HOUR)).kind, "ended");
      assert.equal((await find(pause)).expiresAt, START + 4 * HOUR);
    }));

  test("a deadline that has passed, and another tenant's, cannot be moved", () =>
    withScene(open, async ({ ask, extend, find, world }) => {
      const pause = await ask();
      assert.equal((await extend(pause, START + 9 * HOUR, pause.expiresAt)).kind, "ended");
      const { owner } = await world.newTenant();
      const request = { id: pause.id, expiresAt: START + 9 * HOUR, now: START };
      assert.deepEqual(await world.store.extendPause({ ...owner, ...request }), { kind: "unknown" });
      assert.deepEqual(await find(pause), pause);
    }));
}
