import assert from "node:assert/strict";
import { test } from "node:test";
import type { EpochMs } from "../../../../src/domain/ids.ts";
import type { Channel, Pause } from "../../../../src/domain/pauses/pause.ts";
import type { SettleNotification } from "../../../../src/ports/store.ts";
import { HOUR, MINUTE, SECOND, START } from "../delivery/times.ts";
import { type OpenStore, type World, withWorld } from "../world.ts";
import { type AskOptions, createAsking, EMAIL, PENDING } from "./asking.ts";

const ENDED_FIRST = { status: "failed", reason: "the pause ended first" };

/** Claims span all tenants, so each case has its own store. */
async function withNotices(open: OpenStore, run: (notices: Awaited<ReturnType<typeof newNotices>>) => Promise<void>) {
  await withWorld(open, async (world) => run(await newNotices(world)));
}

async function newNotices(world: World) {
  const asking = createAsking(world, await world.newTenant());
  return {
    ...asking,
    world,
    /** Create a pause whose recipient is to be notified. */
    askWithNotice: (options: AskOptions = {}) => asking.ask({ recipient: EMAIL, notification: PENDING, ...options }),
    async claim(now: EpochMs = START, limit = 10, channel: Channel = "email") {
      const request = { channel, now, limit, afterTenant: 0 };
      const { claimed, nextAt } = await world.store.claimNotifications(request);
      return { claimed, nextAt };
    },
    settle: (pause: Pause, outcome: SettleNotification["outcome"], now: EpochMs = START) =>
      world.store.settleNotification({ pauseId: pause.id, now, outcome }),
    stateOf: async (pause: Pause) => (await asking.find(pause)).notification,
  };
}

export function notificationCases(open: OpenStore): void {
  test("a pending notification is claimed once, with everything that the message needs", () =>
    withNotices(open, async ({ askWithNotice, claim, settle, stateOf, audit }) => {
      const pause = await askWithNotice();
      assert.deepEqual(await claim(), { claimed: [{ pause, attempts: 0, to: null, reminder: 0 }], nextAt: null });
      assert.deepEqual(await claim(), { claimed: [], nextAt: null });
      assert.deepEqual(await stateOf(pause), PENDING);
      for (let times = 0; times < 2; times += 1) await settle(pause, { kind: "sent" });
      assert.deepEqual(await stateOf(pause), { status: "sent", reason: null });
      assert.deepEqual(await claim(START + HOUR), { claimed: [], nextAt: null });
      const rows = await audit({ pauseId: pause.id, type: "pause.notified" });
      assert.deepEqual(
        rows.map(({ actor, data }) => [actor, data]),
        [["system", { channel: "email" }]],
      );
    }));

  test("a pause without a notification is never claimed", () =>
    withNotices(open, async ({ ask, claim, stateOf }) => {
      const none = { status: "none", reason: "made with a test key" } as const;
      const pause = await ask({ recipient: EMAIL, notification: none });
      await ask();
      assert.deepEqual(await claim(), { claimed: [], nextAt: null });
      assert.deepEqual(await stateOf(pause), none);
    }));

  test("a claim returns the oldest notifications of its channel, up to the limit", () =>
    withNotices(open, async ({ askWithNotice, claim }) => {
      const slack = await askWithNotice({
        recipient: { channel: "slack", address: "https://hooks.example.com/T0/B0/x" },
      });
      const sms = await askWithNotice({ recipient: { channel: "sms", address: "+15550100" } });
      const mails = [
        await askWithNotice({ now: START + 2 }),
        await askWithNotice(),
        await askWithNotice({ now: START + 1 }),
      ];
      const first = await claim(START + 1, 1);
      assert.deepEqual([first.claimed[0]?.pause.id, first.nextAt], [mails[1]?.id, START + 2]);
      const second = await claim(START + 1, 10);
      assert.deepEqual(
        second.claimed.map(({ pause }) => pause.id),
        [mails[2]?.id],
      );
      assert.equal(second.nextAt, START + 2);
      assert.deepEqual((await claim(START, 10, "slack")).claimed[0]?.pause, slack);
      assert.deepEqual((await claim(START, 10, "sms")).claimed[0]?.pause, sms);
    }));

  test("tenants take turns, and none has more than its share in flight", () =>
    withWorld(open, async (world) => {
      const [one, two] = [await world.newTenant(), await world.newTenant()];
      for (const tenant of [one, one, one, one, one, one, two]) {
        await createAsking(world, tenant).ask({ recipient: EMAIL, notification: PENDING });
      }
      const claim = async (limit: number, afterTenant: number) => {
        const request = { channel: "email", now: START, limit, afterTenant } as const;
        const { claimed, lastTenant } = await world.store.claimNotifications(request);
        return { of: claimed.map(({ pause }) => pause.tenantSeq), lastTenant };
      };
      const [first, second] = [one.actor.tenantSeq, two.actor.tenantSeq];
      assert.deepEqual(await claim(1, 0), { of: [first], lastTenant: first });
      assert.deepEqual(await claim(1, first), { of: [second], lastTenant: second });
      assert.deepEqual(await claim(10, second), { of: [first, first, first], lastTenant: first });
      assert.deepEqual((await claim(10, first)).of, []);
    }));

  test("a retried notification becomes due at its time, with its reason stored and the attempt counted", () =>
    withNotices(open, async ({ askWithNotice, claim, settle, stateOf }) => {
      const pause = await askWithNotice();
      await claim();
      await settle(pause, { kind: "again", at: START + MINUTE, reason: "421 try later" });
      assert.deepEqual(await stateOf(pause), { status: "pending", reason: "421 try later" });
      assert.deepEqual(await claim(START + MINUTE - 1), { claimed: [], nextAt: START + MINUTE });
      const { claimed } = await claim(START + MINUTE);
      assert.deepEqual([claimed.length, claimed[0]?.attempts], [1, 1]);
      await settle(pause, { kind: "failed", reason: "550 no such user" }, START + MINUTE);
      assert.deepEqual(await stateOf(pause), { status: "failed", reason: "550 no such user" });
      assert.deepEqual(await claim(START + 30 * MINUTE), { claimed: [], nextAt: null });
    }));

  test("a notification that is released unsent is due at once, and no attempt is counted", () =>
    withNotices(open, async ({ askWithNotice, claim, settle, stateOf }) => {
      const pause = await askWithNotice();
      await claim();
      await settle(pause, { kind: "released" }, START + SECOND);
      assert.deepEqual(await stateOf(pause), PENDING);
      assert.deepEqual(await claim(START), { claimed: [], nextAt: START + SECOND });
      assert.equal((await claim(START + SECOND)).claimed[0]?.attempts, 0);
    }));

  test("a notification that is not claimed cannot be settled", () =>
    withNotices(open, async ({ askWithNotice, claim, settle, stateOf, audit, world }) => {
      const pause = await askWithNotice();
      const outcomes = [
        { kind: "sent" },
        { kind: "failed", reason: "no" },
        { kind: "again", at: START + HOUR, reason: "no" },
        { kind: "released" },
      ] as const;
      for (const outcome of outcomes) await settle(pause, outcome);
      await settle({ ...pause, id: world.newId() }, { kind: "sent" });
      assert.deepEqual(await stateOf(pause), PENDING);
      assert.equal((await audit()).filter(({ type }) => type === "pause.notified").length, 0);
      assert.equal((await claim()).claimed[0]?.attempts, 0);
    }));

  test("a new process claims exactly the notifications that the previous process had claimed", () =>
    withNotices(open, async ({ askWithNotice, claim, settle, stateOf, world }) => {
      const [sent, lost] = [await askWithNotice(), await askWithNotice()];
      await claim();
      await settle(sent, { kind: "sent" });
      await world.restart(START + MINUTE);
      await settle(lost, { kind: "sent" }, START + MINUTE);
      assert.deepEqual(await stateOf(lost), PENDING);
      const { claimed } = await claim(START + MINUTE);
      assert.deepEqual(claimed, [{ pause: lost, attempts: 1, to: null, reminder: 0 }]);
      assert.deepEqual(await stateOf(sent), { status: "sent", reason: null });
    }));

  test("a pause that has ended or passed its deadline notifies nobody", () =>
    withNotices(open, async ({ askWithNotice, claim, answer, cancel, expire, stateOf }) => {
      const [answered, cancelled, timedOut, due] = [
        await askWithNotice(),
        await askWithNotice(),
        await askWithNotice(),
        await askWithNotice(),
      ];
      await answer(answered);
      await cancel(cancelled);
      await expire(timedOut);
      assert.deepEqual(await claim(due.expiresAt), { claimed: [], nextAt: null });
      for (const pause of [answered, cancelled, timedOut, due]) assert.deepEqual(await stateOf(pause), ENDED_FIRST);
      assert.equal((await expire(due)).kind, "ended");
    }));

  test("a notification that is in flight while its pause ends keeps its own result, and is not retried", () =>
    withNotices(open, async ({ askWithNotice, claim, answer, settle, stateOf, world }) => {
      const pauses = [
        await askWithNotice(),
        await askWithNotice(),
        await askWithNotice(),
        await askWithNotice(),
      ] as const;
      await claim();
      for (const pause of pauses) await answer(pause);
      for (const pause of pauses) assert.deepEqual(await stateOf(pause), PENDING);
      await settle(pauses[0], { kind: "sent" });
      await settle(pauses[1], { kind: "again", at: START + 1, reason: "later" });
      await settle(pauses[2], { kind: "released" });
      await world.restart(START);
      const states = await Promise.all(pauses.map(stateOf));
      assert.deepEqual(states, [{ status: "sent", reason: null }, ENDED_FIRST, ENDED_FIRST, ENDED_FIRST]);
      assert.deepEqual(await claim(START + HOUR - 1), { claimed: [], nextAt: null });
    }));

  test("every process signs links with the same key", () =>
    withNotices(open, async ({ world }) => {
      const { linkKey } = await world.restart(START);
      assert.match(linkKey, /^[0-9a-f]{64}$/);
      assert.equal((await world.restart(START)).linkKey, linkKey);
    }));
}
