/** Pauses that several people decide. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Actor } from "../../../../src/domain/access/access.ts";
import type { Uuid } from "../../../../src/domain/ids.ts";
import type { Plan } from "../../../../src/domain/pauses/pause.ts";
import { SECOND, START } from "../delivery/times.ts";
import { type OpenStore, useWorld } from "../world.ts";
import { type AskOptions, auditOf, createAsking, newDecider } from "./asking.ts";

const AT = START + SECOND;
const OPTIONS = ["yes", "no", "never"];

export function voteCases(open: OpenStore): void {
  const world = useWorld(open);

  /** A tenant with people, and questions to all of them. */
  async function newScene(count: number) {
    const tenant = await world.newTenant();
    const asking = createAsking(world, tenant);
    const people: Awaited<ReturnType<typeof newDecider>>[] = [];
    for (let index = 0; index < count; index += 1) people.push(await newDecider(world, tenant));
    const ask = (plan: Partial<Plan<Uuid>> = {}, options: AskOptions = {}) =>
      asking.ask({
        options: OPTIONS,
        allowTextResponse: true,
        signIn: { protected: false, approvers: people.map(({ id }) => id) },
        plan: { quorum: 2, veto: null, reminders: [], escalation: null, ...plan },
        ...options,
      });
    const person = (index: number) => people[index] ?? assert.fail();
    return { ...asking, tenant, people, person, askAll: ask };
  }

  test("the vote that completes the quorum ends the pause; the pause, its event and the audit have all votes", async () => {
    const { tenant, person, askAll, find, events, audit } = await newScene(3);
    const endpoint = await tenant.endpoint();
    const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" as AskOptions["trace"];
    const pause = await askAll({}, trace === undefined ? {} : { trace });
    assert.deepEqual([pause.votes, pause.isQuorumReachable], [[], true]);
    const first = await person(0).decide(pause, { text: "looks good" });
    assert(first.kind === "voted");
    const votes = [{ ...person(0).person, choice: "yes", text: "looks good", at: AT }];
    assert.deepEqual(first.pause, { ...pause, votes });
    assert.equal((await person(1).decide(pause, { choice: "no", text: "why" })).kind, "voted");
    await world.restart(START);
    const last = await person(2).decide(pause, { text: "ok", now: AT + 1 });
    assert(last.kind === "ended");
    const all = [
      ...votes,
      { ...person(1).person, choice: "no", text: "why", at: AT },
      { ...person(2).person, choice: "yes", text: "ok", at: AT + 1 },
    ];
    const ending = { status: "responded", choice: "yes", text: "ok", at: AT + 1, by: person(2).person } as const;
    const { eventId, receipt } = last.pause;
    assert.deepEqual(last.pause, { ...pause, votes: all, isQuorumReachable: null, ending, eventId, receipt });
    const { choice, people: signed } = JSON.parse(receipt ?? "") as { choice: string; people: { email: string }[] };
    assert.deepEqual([choice, signed.map(({ email }) => email)], ["yes", all.map(({ email }) => email)]);
    assert.deepEqual(await find(pause), last.pause);
    const [event, more] = await events(endpoint);
    assert.deepEqual([event?.decidedBy, event?.votes, more], [person(2).person, all, undefined]);
    const [claimed] = await tenant.claim(endpoint, AT + 1);
    assert.deepEqual([claimed?.event.decidedBy, claimed?.event.votes], [person(2).person, all]);
    assert.deepEqual(claimed?.event.trace, trace);
    assert.deepEqual(
      (await audit({ pauseId: pause.id })).slice(1).map(({ type, email, data }) => [type, email, data]),
      [
        ["pause.voted", person(0).email, { choice: "yes" }],
        ["pause.voted", person(1).email, { choice: "no" }],
        ["pause.voted", person(2).email, { choice: "yes" }],
        ["pause.responded", person(2).email, { choice: "yes" }],
      ],
    );
  });

  test("each person votes once: a repeat changes nothing, and a different vote is refused", async () => {
    const { person, askAll, find, audit } = await newScene(3);
    const pause = await askAll();
    await person(0).decide(pause, { text: "a" });
    const once = await find(pause);
    assert.deepEqual(await person(0).decide(pause, { text: "a" }), { kind: "voted", pause: once, woken: [] });
    for (const other of [{ choice: "no" }, { text: "b" }, {}]) {
      assert.equal((await person(0).decide(pause, other)).kind, "votedBefore");
    }
    assert.deepEqual(await find(pause), once);
    assert.equal((await audit({ pauseId: pause.id, type: "pause.answer_refused" })).length, 3);
    await person(1).decide(pause);
    // Afterwards too, the vote that counted may be repeated, and is no refusal.
    assert.equal((await person(0).decide(pause, { text: "a" })).kind, "before");
    assert.equal((await audit({ pauseId: pause.id, type: "pause.answer_refused" })).length, 3);
    await person(2).decide(pause, { choice: "no" });
    assert.equal((await audit({ pauseId: pause.id, type: "pause.answer_refused" })).length, 4);
  });

  test("concurrent votes end the pause once, with one event", async () => {
    const { tenant, people, askAll, find, events } = await newScene(5);
    const endpoint = await tenant.endpoint();
    const pause = await askAll({ quorum: 3 });
    const results = await Promise.all(people.flatMap(({ decide }) => [decide(pause), decide(pause)]));
    assert.equal(results.filter(({ kind }) => kind === "ended").length, 1);
    assert.deepEqual([(await find(pause)).votes.length, (await events(endpoint)).length], [3, 1]);
  });

  test("one vote for the veto ends the pause", async () => {
    const { person, askAll } = await newScene(3);
    const pause = await askAll({ quorum: 3, veto: "never" });
    await person(0).decide(pause);
    const vetoed = await person(1).decide(pause, { choice: "never" });
    assert(vetoed.kind === "ended");
    assert.equal(vetoed.pause.ending?.status === "responded" && vetoed.pause.ending.choice, "never");
    assert.equal(vetoed.pause.votes.length, 2);
  });

  test("the user who asks, or who created the key that asks, needs others and has no vote", async () => {
    const { tenant, person, askAll, request } = await newScene(3);
    const { actor } = person(0);
    const byKey = world.newKey();
    await world.store.createKey({ actor, tenantSeq: tenant.tenantSeq, key: byKey, now: START });
    const firstKey = (await world.store.findKey(byKey.hash)) ?? assert.fail();
    const second = world.newKey();
    await world.store.createKey({ actor: firstKey, tenantSeq: tenant.tenantSeq, key: second, now: START });
    const secondKey = (await world.store.findKey(second.hash)) ?? assert.fail();
    const rotated = { id: world.newId(), hash: world.newKey().hash };
    await world.store.rotateKey({ actor: secondKey, ...rotated, now: START });
    const rotatedKey = (await world.store.findKey(rotated.hash)) ?? assert.fail();
    const signIn = { protected: false, approvers: [0, 1, 2].map((index) => person(index).id) };
    const plan = { veto: null, reminders: [], escalation: null };
    const askAs = (by: Actor, quorum: number) =>
      world.store.createPause({ ...request({ signIn, plan: { ...plan, quorum } }), actor: by });
    for (const by of [actor, firstKey, rotatedKey]) {
      assert.deepEqual(await askAs(by, 3), { kind: "tooFewApprovers", count: 2 });
      const asked = await askAs(by, 2);
      assert(asked.kind === "created");
      assert.equal(asked.pause.plan?.requester, person(0).id);
      assert.equal((await person(0).decide(asked.pause)).kind, "noVote");
      await person(1).decide(asked.pause);
      assert.equal((await person(2).decide(asked.pause)).kind, "ended");
    }
    assert.equal((await askAs(tenant.actor, 3)).kind, "created", "a key that no user created");
    assert.equal((await askAll({ quorum: 3 })).plan?.requester, null);
  });

  test("people who are not approvers, are disabled or became viewers have no vote; a vote that was given stays", async () => {
    const { tenant, person, askAll, find } = await newScene(4);
    const pause = await askAll({ quorum: 3 });
    const other = await newDecider(world, tenant);
    assert.equal((await other.decide(pause)).kind, "noVote");
    await person(0).decide(pause);
    await world.store.setUserDisabled({ id: person(0).id, disabled: true, now: START });
    assert.equal((await find(pause)).isQuorumReachable, true);
    await world.store.setUserDisabled({ id: person(1).id, disabled: true, now: START });
    const { pause: left } = (await person(1).decide(pause)) as { kind: string; pause: typeof pause };
    assert.deepEqual([left.votes.length, left.isQuorumReachable], [1, true]);
    const { owner } = tenant;
    await world.store.patchUser({ ...owner, id: person(2).id, role: "viewer", now: START });
    assert.equal((await person(2).decide(pause)).kind, "noVote");
    assert.equal((await find(pause)).isQuorumReachable, false);
    await world.store.setUserDisabled({ id: person(1).id, disabled: false, now: START });
    assert.equal((await find(pause)).isQuorumReachable, true);
    await person(1).decide(pause);
    assert.equal((await person(3).decide(pause)).kind, "ended");
  });

  test("a split vote stays pending until its deadline, and says that the quorum is out of reach", async () => {
    const { tenant, person, askAll, find, expire, events } = await newScene(3);
    const endpoint = await tenant.endpoint();
    const pause = await askAll({}, { timeoutDefault: "no" });
    for (const [index, choice] of OPTIONS.entries()) await person(index).decide(pause, { choice });
    const split = await find(pause);
    assert.deepEqual([split.ending, split.votes.length, split.isQuorumReachable], [null, 3, false]);
    await expire(pause);
    const { ending, votes, isQuorumReachable } = await find(pause);
    assert.deepEqual([ending?.status, votes.length, isQuorumReachable], ["timed_out", 3, null]);
    const [event] = await events(endpoint);
    assert.deepEqual([event?.decidedBy, event?.votes?.length], [null, 3]);
  });

  test("a cancelled pause keeps its votes, and a late vote stores the timeout", async () => {
    const { tenant, person, askAll, cancel, find, events } = await newScene(2);
    const endpoint = await tenant.endpoint();
    const [cancelled, late] = [await askAll(), await askAll()];
    await person(0).decide(cancelled);
    await cancel(cancelled);
    assert.equal((await find(cancelled)).votes.length, 1);
    assert.deepEqual(
      (await events(endpoint)).map(({ votes }) => votes?.length),
      [1],
    );
    await person(0).decide(late);
    const result = await person(1).decide(late, { now: late.expiresAt });
    assert(result.kind === "before");
    assert.deepEqual([result.pause.ending?.status, result.pause.votes.length], ["timed_out", 1]);
  });

  test("a quorum of one with a plan ends with the first decision, without votes", async () => {
    const scene = await newScene(2);
    const pause = await scene.askAll({ quorum: 1, reminders: [0.5] });
    const decided = await scene.person(1).decide(pause);
    assert(decided.kind === "ended");
    assert.deepEqual([decided.pause.votes, decided.pause.isQuorumReachable], [[], null]);
    assert.deepEqual((await auditOf(scene, pause.id)).length, 2);
  });
}
