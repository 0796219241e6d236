/** Keys of agents, their questions and the limits of these. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AGENT_SCOPES_DEFAULT, type KeyActor } from "../../../../src/domain/access/access.ts";
import type { Uuid } from "../../../../src/domain/ids.ts";
import { AGENT_OPEN_PAUSES_COUNT_MAX, AGENT_PAUSES_PER_MINUTE_COUNT_MAX } from "../../../../src/domain/limits.ts";
import { APPROVE, REFUSE } from "../../../../src/domain/pauses/act.ts";
import { HOUR, MINUTE, SECOND, START } from "../delivery/times.ts";
import { type OpenStore, useWorld } from "../world.ts";
import { ANY_PAUSE, createAsking, EMAIL } from "./asking.ts";

export function agentCases(open: OpenStore): void {
  const world = useWorld(open);

  async function newScene() {
    const tenant = await world.newTenant();
    const asking = createAsking(world, tenant);
    const newAgent = async (): Promise<KeyActor> => {
      const key = { ...world.newKey("agent"), scopes: ["ask"] } as const;
      await world.store.createKey({ ...tenant.owner, key, now: START });
      return (await world.store.findKey(key.hash)) ?? assert.fail();
    };
    const askAs = (actor: KeyActor, now: number, options: Parameters<typeof asking.ask>[0] = {}) =>
      world.store.createPause({ ...asking.request({ ...options, now }), actor });
    return { tenant, ...asking, newAgent, askAs };
  }

  test("an agent's key has its scopes, and a rotated one stands for the same agent", async () => {
    const { tenant, newAgent } = await newScene();
    const actor = await newAgent();
    assert.deepEqual(actor.agent, { id: actor.id, name: actor.agent?.name, scopes: ["ask"] });
    const [id, hash] = [world.newId(), world.newKey().hash];
    assert.equal(await world.store.rotateKey({ actor, id, hash, now: START }), true);
    const rotated = (await world.store.findKey(hash)) ?? assert.fail();
    assert.deepEqual([rotated.id, rotated.agent], [id, actor.agent]);
    const { keys } = await world.store.listKeys(tenant.tenantSeq, null, 100);
    assert.deepEqual(
      keys.map(({ role, scopes }) => [role, scopes]),
      [
        ["org_admin", null],
        ["agent", ["ask"]],
      ],
    );
    const plain = world.newKey("agent");
    await world.store.createKey({ ...tenant.owner, key: plain, now: START });
    assert.deepEqual((await world.store.findKey(plain.hash))?.agent?.scopes, AGENT_SCOPES_DEFAULT);
  });

  test("a list for an agent has its own questions, in every order and status", async () => {
    const { tenant, ask, cancel, newAgent, askAs } = await newScene();
    const [agent, other] = [await newAgent(), await newAgent()];
    await ask();
    const own = [];
    for (const at of [3, 1, 2]) {
      const asked = await askAs(agent, START, { expiresAt: START + at * MINUTE });
      assert(asked.kind === "created");
      own.push(asked.pause);
    }
    await askAs(other, START);
    const [first, second, third] = own;
    assert(first !== undefined && second !== undefined && third !== undefined);
    assert.deepEqual(first.agent, { id: agent.id, name: agent.agent?.name });
    await cancel(third);
    const filter = { ...ANY_PAUSE, tenantSeq: tenant.tenantSeq, agentId: agent.id };
    const listed = async (more: object = {}) => {
      const { pauses } = await world.store.listPauses({ ...filter, ...more }, null, 10);
      return pauses.map(({ id }) => id);
    };
    assert.deepEqual(await listed(), [third.id, second.id, first.id]);
    assert.deepEqual(await listed({ status: "cancelled" }), [third.id]);
    assert.deepEqual(await listed({ order: "deadline" }), [second.id, first.id]);
    const { pauses, next } = await world.store.listPauses(filter, null, 2);
    assert.deepEqual([pauses.length, next !== null], [2, true]);
    const last = await world.store.listPauses(filter, next, 2);
    assert.deepEqual(
      last.pauses.map(({ id }) => id),
      [first.id],
    );
  });

  test("an agent has a limit of open questions, and of questions in a minute, which the audit names once a minute", async () => {
    const { audit, cancel, newAgent, askAs } = await newScene();
    const [agent, other] = [await newAgent(), await newAgent()];
    let now = START;
    const open = [];
    while (open.length < AGENT_OPEN_PAUSES_COUNT_MAX) {
      const asked = await askAs(agent, now);
      if (asked.kind === "created") open.push(asked.pause);
      else {
        const waited = { kind: "agentLimit", limit: "rate", retryAfterSeconds: 60 };
        assert.deepEqual([asked, open.length % AGENT_PAUSES_PER_MINUTE_COUNT_MAX], [waited, 0]);
        const later = await askAs(agent, now + 59 * SECOND);
        assert.deepEqual(later, { ...waited, retryAfterSeconds: 1 });
        now += MINUTE;
      }
    }
    now += MINUTE;
    const full = await askAs(agent, now);
    assert.deepEqual(full, { kind: "agentLimit", limit: "open", retryAfterSeconds: 60 });
    assert.equal((await askAs(other, now)).kind, "created");
    await cancel(open[0] ?? assert.fail(), now);
    assert.equal((await askAs(agent, now)).kind, "created");
    const refused = await audit({ type: "pause.ask_refused" });
    assert.deepEqual(
      refused.map(({ by, data }) => [by?.id, data.limit]),
      [
        [agent.id, "rate"],
        [agent.id, "rate"],
        [agent.id, "open"],
      ],
    );
  });

  test("an agent notifies only a user of its tenant who may decide", async () => {
    const { tenant, newAgent, askAs } = await newScene();
    const agent = await newAgent();
    const ask = (address: string) => askAs(agent, START, { recipient: { ...EMAIL, address } });
    const email = `${world.newId()}@example.com`;
    assert.deepEqual(await ask(email), { kind: "recipientNotUser" });
    const user = { id: world.newId(), email, passwordHash: "$argon2id$x", role: "developer" } as const;
    await world.store.createUser({ ...tenant.owner, user, link: null, now: START });
    assert.equal((await ask(email.toUpperCase())).kind, "created");
    await world.store.setUserDisabled({ id: user.id, disabled: true, now: START });
    assert.deepEqual(await ask(email), { kind: "recipientNotUser" });
  });

  test("what a person approved begins once, for the agent that asked", async () => {
    const { tenant, askAs, audit, find, newAgent } = await newScene();
    const [agent, other] = [await newAgent(), await newAgent()];
    const asked = await askAs(agent, START, { act: "pause_endpoint", options: [REFUSE, APPROVE], metadata: "{}" });
    assert(asked.kind === "created");
    const { id, act } = asked.pause;
    assert.deepEqual(act, { kind: "pause_endpoint", begun: null, outcome: null });
    const { tenantSeq } = tenant;
    const begin = (actor: KeyActor, claim: Uuid, now = START) =>
      world.store.beginAct({ actor, tenantSeq, id, claim, now });
    const [first, second] = [world.newId(), world.newId()];
    assert.equal((await begin(agent, first)).kind, "notApproved");
    const person = { actor: { ...tenant.actor, kind: "user" as const }, email: "ada@example.com", tenantSeq };
    await world.store.endPause({ id, by: "user", ...person, choice: APPROVE, text: null, now: START });
    assert.equal((await begin(other, second)).kind, "unknown");
    assert.equal((await begin(agent, first, START + HOUR)).kind, "notApproved");
    assert.equal((await begin(agent, first)).kind, "begun");
    assert.equal((await begin(agent, first)).kind, "begun", "the same call, repeated");
    assert.equal((await begin(agent, second)).kind, "before");
    await world.store.endAct({ tenantSeq, id, claim: second, outcome: "{}" });
    assert.equal((await find(asked.pause)).act?.outcome, null);
    await world.store.endAct({ tenantSeq, id, claim: first, outcome: '{"status":"PAUSED"}' });
    await world.store.endAct({ tenantSeq, id, claim: first, outcome: "{}" });
    const done = (await find(asked.pause)).act;
    assert.deepEqual(done, {
      kind: "pause_endpoint",
      begun: { claim: first, at: START },
      outcome: '{"status":"PAUSED"}',
    });
    const begun = await audit({ type: "pause.act_begun" });
    assert.deepEqual(
      begun.map(({ by, data }) => [by?.id, data.act]),
      [[agent.id, "pause_endpoint"]],
    );
    const own = await askAs(agent, START);
    assert(own.kind === "created");
    assert.deepEqual([own.pause.act, (await find(own.pause)).act], [null, null]);
  });
}
