/** Pairs of verbs that meet on a pause. */
import assert from "node:assert/strict";
import { HOUR, START } from "../../conformance/store/delivery/times.ts";
import { createAsking, EMAIL, newDecider, PENDING } from "../../conformance/store/pauses/asking.ts";
import { inOrder, meet, type Node, type Pair, pair } from "./interleave.ts";

const CLAIM = { channel: "email", now: START, limit: 1000, afterTenant: 0 } as const;
const NOTIFIED = { recipient: EMAIL, notification: PENDING } as const;

const askingOf = (node: Node) => createAsking(node, node.tenant);
const kindsOf = (answers: readonly { readonly kind: string }[]) => answers.map(({ kind }) => kind);

export const PAUSE_PAIRS: readonly Pair[] = [
  pair(["answer", "another answer"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const pause = await askingOf(a).ask();
    return meet(
      () => askingOf(a).answer(pause, { choice: "yes" }),
      () => askingOf(b).answer(pause, { choice: "no" }),
      async (answers) => {
        assert.deepEqual(kindsOf(inOrder(answers)), ["ended", "before"]);
        const { ending } = await askingOf(a).find(pause);
        assert.equal(ending?.status === "responded" && ending.choice, answers.first === "a" ? "yes" : "no");
        assert.equal((await askingOf(a).events(endpoint)).length, 1);
      },
    );
  }),
  pair(["answer", "cancel"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const pause = await askingOf(a).ask();
    return meet(
      () => askingOf(a).answer(pause),
      () => askingOf(b).cancel(pause),
      async (answers) => {
        assert.deepEqual(kindsOf(inOrder(answers)), ["ended", "before"]);
        assert.equal((await askingOf(a).events(endpoint)).length, 1);
      },
    );
  }),
  pair(["answer", "deadline"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const pause = await askingOf(a).ask();
    return meet(
      () => askingOf(a).answer(pause, { now: pause.expiresAt - 1 }),
      () => b.store.endDuePauses(pause.expiresAt, 1000),
      async ({ a: answered, b: { ended }, first }) => {
        assert.equal(answered.kind, first === "a" ? "ended" : "before");
        assert.equal(
          ended.some(({ id }) => id === pause.id),
          first === "b",
        );
        assert.equal((await askingOf(a).events(endpoint)).length, 1);
      },
    );
  }),
  pair(["deadline", "deadline"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const pause = await askingOf(a).ask();
    const expire = ({ store }: Node) => store.endDuePauses(pause.expiresAt, 1000);
    return meet(
      () => expire(a),
      () => expire(b),
      async (answers) => {
        const ended = inOrder(answers).map(({ ended: each }) => each.filter(({ id }) => id === pause.id).length);
        assert.deepEqual(ended, [1, 0]);
        assert.equal((await askingOf(a).events(endpoint)).length, 1);
      },
    );
  }),
  pair(["ask", "ask with the same key"], async ({ a, b }) => {
    const requests = [a, b].map((node) => askingOf(node).request({ key: { name: "k" } }));
    const [ofA = assert.fail(), ofB = assert.fail()] = requests;
    return meet(
      () => a.store.createPause(ofA),
      () => b.store.createPause(ofB),
      (answers) => {
        assert.deepEqual(kindsOf(inOrder(answers)), ["created", "repeated"]);
        const ids = inOrder(answers).map((answer) => "pause" in answer && answer.pause.id);
        assert.equal(new Set(ids).size, 1);
      },
    );
  }),
  pair(["claim notifications", "claim notifications"], async ({ a, b }) => {
    const pause = await askingOf(a).ask(NOTIFIED);
    return meet(
      () => a.store.claimNotifications(CLAIM),
      () => b.store.claimNotifications(CLAIM),
      (answers) => {
        const claims = inOrder(answers).map(({ claimed }) => claimed.filter((one) => one.pause.id === pause.id).length);
        assert.deepEqual(claims, [1, 0]);
      },
    );
  }),
  pair(["settle a notification", "answer"], async ({ a, b }) => {
    const pause = await askingOf(a).ask(NOTIFIED);
    await a.store.claimNotifications(CLAIM);
    return meet(
      () => a.store.settleNotification({ pauseId: pause.id, now: START, outcome: { kind: "sent" } }),
      () => askingOf(b).answer(pause),
      async ({ b: answered }) => {
        assert.equal(answered.kind, "ended");
        assert.equal((await askingOf(a).find(pause)).notification.status, "sent");
      },
    );
  }),
  pair(["claim notifications", "cancel"], async ({ a, b }) => {
    const pause = await askingOf(a).ask(NOTIFIED);
    return meet(
      () => a.store.claimNotifications(CLAIM),
      () => askingOf(b).cancel(pause, START + HOUR / 2),
      async ({ a: { claimed }, first }) => {
        assert.equal(
          claimed.some((one) => one.pause.id === pause.id),
          first === "a",
        );
        assert.equal((await askingOf(a).find(pause)).notification.status, first === "a" ? "pending" : "failed");
      },
    );
  }),
  pair(["last vote", "another last vote"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const { pause, voters } = await askTwoOfThree(a);
    await voters[0].decide(pause);
    return meet(
      () => voters[1].decide(pause),
      () => voters[2].decide(pause, { store: b.store }),
      async (answers) => {
        assert.deepEqual(kindsOf(inOrder(answers)), ["ended", "before"]);
        const { votes } = await askingOf(a).find(pause);
        assert.deepEqual([votes.length, votes.at(-1)?.id], [2, voters[answers.first === "a" ? 1 : 2].id]);
        assert.equal((await askingOf(a).events(endpoint)).length, 1);
      },
    );
  }),
  pair(["vote", "another vote"], async ({ a, b }) => {
    const { pause, voters } = await askTwoOfThree(a);
    return meet(
      () => voters[0].decide(pause, { choice: "no" }),
      () => voters[1].decide(pause, { store: b.store }),
      async (answers) => {
        assert.deepEqual(kindsOf(inOrder(answers)), ["voted", "voted"]);
        assert.equal((await askingOf(a).find(pause)).votes.length, 2);
      },
    );
  }),
  pair(["last vote", "deadline"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint();
    const { pause, voters } = await askTwoOfThree(a);
    await voters[0].decide(pause);
    return meet(
      () => voters[1].decide(pause, { now: pause.expiresAt - 1 }),
      () => b.store.endDuePauses(pause.expiresAt, 1000),
      async ({ a: answered, first }) => {
        assert.equal(answered.kind, first === "a" ? "ended" : "before");
        assert.equal((await askingOf(a).events(endpoint)).length, 1);
      },
    );
  }),
  pair(["step", "step"], async ({ a, b }) => {
    const { pause } = await askTwoOfThree(a);
    const half = pause.createdAt + HOUR / 2;
    const step = ({ store }: Node) => store.endDuePauses(half, 1000);
    return meet(
      () => step(a),
      () => step(b),
      async (answers) => {
        const steps = inOrder(answers).map(({ stepped }) => stepped.filter(({ id }) => id === pause.id).length);
        assert.deepEqual(steps, [1, 0]);
        assert.equal((await askingOf(a).audit({ pauseId: pause.id, type: "pause.reminded" })).length, 1);
      },
    );
  }),
  pair(["extend", "deadline"], async ({ a, b }) => {
    const pause = await askingOf(a).ask();
    const expiresAt = pause.expiresAt + HOUR;
    return meet(
      () => a.store.extendPause({ ...a.tenant.owner, id: pause.id, expiresAt, now: pause.expiresAt - 1 }),
      () => b.store.endDuePauses(pause.expiresAt, 1000),
      async ({ a: extended, first }) => {
        assert.equal(extended.kind, first === "a" ? "extended" : "ended");
        const { ending } = await askingOf(a).find(pause);
        assert.equal(ending?.status, first === "a" ? undefined : "timed_out");
      },
    );
  }),
];

/** A question that two of three people decide, with a reminder at half its time. */
async function askTwoOfThree(node: Node) {
  const newVoter = () => newDecider(node, node.tenant);
  const voters = [await newVoter(), await newVoter(), await newVoter()] as const;
  const pause = await askingOf(node).ask({
    ...NOTIFIED,
    notification: { status: "sent", reason: null },
    signIn: { protected: false, approvers: voters.map(({ id }) => id) },
    plan: { quorum: 2, veto: null, reminders: [0.5], escalation: null },
  });
  return { pause, voters };
}
