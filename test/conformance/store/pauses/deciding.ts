/** Decisions of signed-in users, lists by deadline and by text, counts, and messages that are sent again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pause } from "../../../../src/domain/pauses/pause.ts";
import type { Cursor, PauseFilter } from "../../../../src/ports/store.ts";
import { HOUR, SECOND, START } from "../delivery/times.ts";
import { type OpenStore, useWorld } from "../world.ts";
import { ANY_PAUSE, createAsking, EMAIL, newDecider, PENDING } from "./asking.ts";

const AT = START + SECOND;

export function decidingCases(open: OpenStore): void {
  const world = useWorld(open);
  const newAsking = async () => {
    const tenant = await world.newTenant();
    return { tenant, ...createAsking(world, tenant) };
  };
  type Asking = Awaited<ReturnType<typeof newAsking>>;

  const newUser = ({ tenant }: Pick<Asking, "tenant">) => newDecider(world, tenant);

  test("the audit says that a user answered in Slack, in time or too late", async () => {
    const asking = await newAsking();
    const { ask, audit } = asking;
    const [first, second] = [await newUser(asking), await newUser(asking)];
    const pause = await ask();
    for (const { actor, email } of [first, second]) {
      const { tenantSeq } = asking.tenant;
      const answer = { choice: "yes", text: null, now: AT } as const;
      await world.store.endPause({ id: pause.id, by: "user", via: "slack", actor, email, tenantSeq, ...answer });
    }
    const [refused, decided] = (await audit({ pauseId: pause.id })).toReversed();
    assert.deepEqual(
      [decided, refused].map((entry) => [entry?.type, entry?.data.via, entry?.email]),
      [
        ["pause.responded", "slack", first.email],
        ["pause.answer_refused", "slack", second.email],
      ],
    );
  });

  test("a user's decision is in the pause, in the audit and in the event, also after a restart", async () => {
    const asking = await newAsking();
    const { tenant, ask, find, events, audit } = asking;
    const endpoint = await tenant.endpoint();
    const user = await newUser(asking);
    const pause = await ask({ allowTextResponse: true });
    const won = await user.decide(pause, { choice: "no", text: "why" });
    assert(won.kind === "ended");
    const ending = { status: "responded", choice: "no", text: "why", at: AT, by: user.person } as const;
    assert.deepEqual(won.pause, { ...pause, ending, receipt: won.pause.receipt, eventId: won.pause.eventId });
    await world.restart(START);
    assert.deepEqual(await find(pause), won.pause);
    const [event] = await events(endpoint);
    assert.deepEqual([event?.id, event?.pauseId, event?.decidedBy], [won.pause.eventId, pause.id, user.person]);
    const [claimed] = await tenant.claim(endpoint, AT);
    assert.deepEqual(claimed?.event.decidedBy, user.person);
    const entry = (await audit({ pauseId: pause.id })).at(-1);
    assert.deepEqual(
      [entry?.type, entry?.actor, entry?.by?.id, entry?.email],
      ["pause.responded", "user", user.id, user.email],
    );
  });

  test("a receipt names the people of the decision, and is the same after a restart and a new key", async () => {
    const asking = await newAsking();
    const { tenant, ask, answer, find } = asking;
    const user = await newUser(asking);
    const receiptOf = (pause: Pause | null) => JSON.parse(pause?.receipt ?? "null") as Record<string, unknown> | null;
    const [byUser, byLink] = [await ask(), await ask()];
    const won = await user.decide(byUser);
    assert(won.kind === "ended");
    const receipt = receiptOf(won.pause);
    const person = { id: `usr_${user.id}`, email: user.email, choice: "yes", at: receipt?.decided_at };
    assert.deepEqual([receipt?.people, receipt?.via], [[person], "user"]);
    const [first] = await world.store.listReceiptKeys();
    assert.deepEqual([receipt?.key_id, first?.retiredAt], [first?.id, null]);
    const { actor, tenantSeq } = tenant;
    const rotated = await world.store.rotateReceiptKey({ actor, tenantSeq, now: AT });
    assert(rotated.kind === "rotated");
    const linked = await answer(byLink);
    assert(linked.kind === "ended");
    const { key_id: keyId, people, via } = receiptOf(linked.pause) ?? {};
    assert.deepEqual([keyId, people, via], [rotated.key.id, [], "link"]);
    await world.restart(START);
    assert.equal((await find(byUser))?.receipt, won.pause.receipt);
    const [second, former] = await world.store.listReceiptKeys();
    assert.deepEqual([second, former], [rotated.key, { ...first, retiredAt: rotated.key.createdAt }]);
    const early = await world.store.rotateReceiptKey({ actor, tenantSeq, now: START });
    assert(early.kind === "rotated" && early.key.createdAt >= rotated.key.createdAt, "a clock that is behind");
  });

  test("an event of an answer by link has no user, nor has its audit entry", async () => {
    const { tenant, ask, answer, events, audit } = await newAsking();
    const endpoint = await tenant.endpoint();
    const pause = await ask();
    await answer(pause);
    const [event] = await events(endpoint);
    assert.deepEqual([event?.pauseId, event?.decidedBy], [pause.id, null]);
    assert.equal((await tenant.claim(endpoint, AT))[0]?.event.decidedBy, undefined);
    assert.deepEqual(
      (await audit({ pauseId: pause.id })).map(({ actor, email }) => [actor, email]),
      [
        ["developer", null],
        ["human", null],
      ],
    );
  });

  test("the first of two users wins; only that user's repeat is no refusal", async () => {
    const asking = await newAsking();
    const [first, second] = [await newUser(asking), await newUser(asking)];
    const pause = await asking.ask();
    const results = await Promise.all([first.decide(pause), second.decide(pause), first.decide(pause)]);
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ["ended", "before", "before"],
    );
    const refused = await asking.audit({ pauseId: pause.id, type: "pause.answer_refused" });
    assert.deepEqual(
      refused.map(({ actor, email, data }) => [actor, email, data]),
      [["user", second.email, { choice: "yes", status: "responded" }]],
    );
  });

  test("a user's decision at the deadline is too late, and one on another tenant's pause finds nothing", async () => {
    const asking = await newAsking();
    const user = await newUser(asking);
    const pause = await asking.ask({ timeoutDefault: "no" });
    const foreign = await user.decide(pause, {}, (await world.newTenant()).tenantSeq);
    assert.deepEqual(foreign, { kind: "unknown" });
    const late = await user.decide(pause, { now: pause.expiresAt });
    assert(late.kind === "before");
    assert.equal(late.pause.ending?.status, "timed_out");
  });

  test("a pause keeps its sign-in rule, with the email addresses of its approvers", async () => {
    const asking = await newAsking();
    const [first, second] = [await newUser(asking), await newUser(asking)];
    const pause = await asking.ask({ signIn: { protected: true, approvers: [second.id, first.id] } });
    assert.deepEqual(pause.signIn, { protected: true, approvers: [second.person, first.person] });
    assert.deepEqual(await asking.find(pause), pause);
    const open = await asking.ask({ signIn: { protected: true, approvers: [] } });
    assert.deepEqual(open.signIn, { protected: true, approvers: [] });
  });

  test("unknown, disabled and other tenants' approvers are named, and nothing is created", async () => {
    const asking = await newAsking();
    const [known, disabled] = [await newUser(asking), await newUser(asking)];
    await world.store.setUserDisabled({ id: disabled.id, disabled: true, now: START });
    const foreign = await newUser(await newAsking());
    const bad = [world.newId(), disabled.id, foreign.id];
    const request = asking.request({ signIn: { protected: false, approvers: [known.id, ...bad] } });
    assert.deepEqual(await world.store.createPause(request), { kind: "unknownApprovers", ids: bad });
    assert.equal(await world.store.getPause(null, request.id), null);
  });

  // ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async function idsOf({ tenant }: Asking, filter: Partial<PauseFilter>, limit = 100): Promise<string[]> {
    const ids: string[] = [];
    let cursor: Cursor | null = null;
    do {
      const whole: PauseFilter = { ...ANY_PAUSE, tenantSeq: tenant.tenantSeq, ...filter };
      const page: { pauses: readonly Pause[]; next: Cursor | null } = await world.store.listPauses(
        whole,
        cursor,
        limit,
      );
      ids.push(...page.pauses.map(({ id }) => id));
      cursor = page.next;
    } while (cursor !== null);
    return ids;
  }

  test("the list by deadline has the pending pauses, the earliest deadline first, in pages of any size", async () => {
    const asking = await newAsking();
    await (await newAsking()).ask();
    const pauses: Pause[] = [];
    for (const hours of [5, 2, 2, 9, 1, 2]) pauses.push(await asking.ask({ expiresAt: START + hours * HOUR }));
    await asking.answer(pauses[4] ?? assert.fail());
    const expected = [1, 2, 5, 0, 3].map((index) => pauses[index]?.id);
    for (const limit of [1, 2, 3, 100]) {
      assert.deepEqual(await idsOf(asking, { order: "deadline" }, limit), expected, `pages of ${limit}`);
    }
  });

  test("a text finds pauses by their question, their metadata and their id, in any letter case", async () => {
    const asking = await newAsking();
    const order = await asking.ask({ message: "Refund ÖRDER 4711?" });
    const noted = await asking.ask({ metadata: '{"order":"4711"}' });
    const other = await asking.ask();
    assert.deepEqual(await idsOf(asking, { text: "4711" }, 1), [noted.id, order.id]);
    assert.deepEqual(await idsOf(asking, { text: "örder" }), [order.id]);
    assert.deepEqual(await idsOf(asking, { text: other.id }), [other.id]);
    assert.deepEqual(await idsOf(asking, { text: "%" }), []);
    assert.deepEqual(await idsOf(await newAsking(), { text: other.id }), []);
    await asking.answer(order);
    assert.deepEqual(await idsOf(asking, { text: "4711", status: "responded" }), [order.id]);
    assert.deepEqual(await idsOf(asking, { text: "4711", order: "deadline" }), [noted.id]);
  });

  test("a channel filters the list, and `none` finds the pauses without a recipient", async () => {
    const asking = await newAsking();
    const mailed = await asking.ask({ recipient: EMAIL });
    const silent = await asking.ask();
    assert.deepEqual(await idsOf(asking, { channel: "email" }, 1), [mailed.id]);
    assert.deepEqual(await idsOf(asking, { channel: "none" }), [silent.id]);
    assert.deepEqual(await idsOf(asking, { channel: "sms" }), []);
  });

  test("pauses are counted by status, with the earliest deadline", async () => {
    const asking = await newAsking();
    const { tenantSeq } = asking.tenant;
    const none = { count: 0, more: false };
    const nothing = { pending: none, responded: none, timed_out: none, cancelled: none };
    assert.deepEqual(await world.store.countPauses(tenantSeq), { counts: nothing, nextExpiresAt: null });
    const pauses: Pause[] = [];
    for (const hours of [4, 3, 2, 1, 5]) pauses.push(await asking.ask({ expiresAt: START + hours * HOUR }));
    const [, , answered, cancelled, expired] = pauses;
    await asking.answer(answered ?? assert.fail());
    await asking.cancel(cancelled ?? assert.fail());
    await asking.expire(expired ?? assert.fail());
    assert.deepEqual(await world.store.countPauses(tenantSeq), {
      counts: {
        pending: { count: 2, more: false },
        responded: { count: 1, more: false },
        timed_out: { count: 1, more: false },
        cancelled: { count: 1, more: false },
      },
      nextExpiresAt: START + 3 * HOUR,
    });
  });

  // ── Messages and links ──────────────────────────────────────────────────────────────────────────────────────────

  test("a message that was sent or has failed is sent again, ten times at most", async () => {
    const asking = await newAsking();
    const { actor, tenantSeq } = asking.tenant;
    const pause = await asking.ask({ recipient: EMAIL, notification: PENDING });
    const again = (now = AT) => world.store.resendNotification({ actor, tenantSeq, id: pause.id, now });
    const claim = () =>
      world.store
        .claimNotifications({ channel: "email", now: AT, limit: 100, afterTenant: 0 })
        .then(({ claimed }) => claimed);
    const settle = (outcome: { kind: "sent" } | { kind: "failed"; reason: string }) =>
      world.store.settleNotification({ pauseId: pause.id, now: AT, outcome });
    assert.deepEqual(await again(), { kind: "pending" });
    await claim();
    assert.deepEqual(await again(), { kind: "pending" }, "in flight");
    await settle({ kind: "failed", reason: "no such mailbox" });
    for (let times = 0; times < 10; times += 1) {
      const result = await again();
      assert.deepEqual(result, { kind: "resent", pause: { ...pause, notification: PENDING } });
      const claimed = await claim();
      assert.deepEqual(
        claimed.filter(({ pause: { id } }) => id === pause.id).map(({ attempts }) => attempts),
        [0],
      );
      await settle({ kind: "sent" });
    }
    assert.deepEqual(await again(), { kind: "tooMany" });
    const entries = await asking.audit({ pauseId: pause.id, type: "pause.resent" });
    assert.equal(entries.length, 10);
    assert.deepEqual(entries[0]?.data, { channel: "email", keyId: actor.id });
    assert.equal((await again(pause.expiresAt)).kind, "ended");
    await asking.cancel(pause);
    assert.equal((await again()).kind, "ended");
  });

  test("a pause that notifies nobody, and another tenant's, send nothing again", async () => {
    const asking = await newAsking();
    const { actor, tenantSeq } = asking.tenant;
    const again = ({ id }: Pick<Pause, "id">, of = tenantSeq, by = actor) =>
      world.store.resendNotification({ actor: by, tenantSeq: of, id, now: AT });
    assert.deepEqual(await again(await asking.ask()), { kind: "notifiesNobody" });
    assert.deepEqual(await again(await asking.ask({ recipient: EMAIL })), { kind: "notifiesNobody" });
    const pause = await asking.ask({ recipient: EMAIL, notification: { status: "sent", reason: null } });
    assert.deepEqual(await again(pause, tenantSeq, { ...actor, test: true }), { kind: "notifiesNobody" });
    assert.deepEqual(await again(pause, (await world.newTenant()).tenantSeq), { kind: "unknown" });
    assert.deepEqual(await again({ id: world.newId() }), { kind: "unknown" });
  });

  test("the audit records who was shown the link of a pending pause", async () => {
    const asking = await newAsking();
    const { tenantSeq } = asking.tenant;
    const { actor, email } = await newUser(asking);
    const pause = await asking.ask();
    const reveal = (of = tenantSeq) => world.store.recordReveal({ actor, tenantSeq: of, id: pause.id, now: AT });
    assert.equal(await reveal((await world.newTenant()).tenantSeq), null);
    assert.deepEqual(await reveal(), pause);
    await asking.answer(pause);
    assert.equal((await reveal())?.ending?.status, "responded");
    const entries = await asking.audit({ pauseId: pause.id, type: "pause.link_revealed" });
    assert.deepEqual(
      entries.map((entry) => [entry.actor, entry.email]),
      [["user", email]],
    );
  });
}
