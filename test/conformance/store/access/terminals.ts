import assert from "node:assert/strict";
import { test } from "node:test";
import type { Actor, Role } from "../../../../src/domain/access/access.ts";
import {
  TERMINAL_CODE_MS,
  TERMINAL_KEY_IDLE_MS,
  TERMINALS_PER_NETWORK_COUNT_MAX,
} from "../../../../src/domain/limits.ts";
import type { NewTerminal } from "../../../../src/ports/store.ts";
import { START } from "../delivery/times.ts";
import { type OpenStore, type World, withWorld } from "../world.ts";

const hashOf = (number: number): string => number.toString(16).padStart(64, "0");
const EXPIRES = START + TERMINAL_CODE_MS;

const terminal = (number: number, more: Partial<NewTerminal> = {}): NewTerminal => ({
  hash: hashOf(number),
  userCode: `CODE${number}`,
  name: "ada@laptop",
  role: "developer",
  address: "203.0.113.5",
  network: "203.0.113.5",
  expiresAt: EXPIRES,
  ...more,
});

/** A user with the role, and how that user decides. */
async function newPerson(world: World, role: Role = "org_admin") {
  const tenant = await world.newTenant();
  const { actor, tenantSeq } = tenant.owner;
  const user = { id: world.newId(), email: `${world.newId()}@example.com`, passwordHash: "", role };
  await world.store.createUser({ actor, tenantSeq, user, link: null, now: START });
  const self: Actor = { ...actor, kind: "user", id: user.id, role };
  return {
    id: user.id,
    tenantSeq,
    decide: (number: number, granted: Role | null, now = START + 1) =>
      world.store.decideTerminal({ actor: self, tenantSeq, userCode: `CODE${number}`, role: granted, now }),
  };
}

export function terminalCases(open: OpenStore): void {
  test("an approved terminal gets one key, after a restart too, and each call can be repeated", async () => {
    await withWorld(open, async (world) => {
      const person = await newPerson(world);
      const begun = { terminal: terminal(1), now: START };
      assert.deepEqual(await world.store.openTerminal(begun), { kind: "opened" });
      assert.deepEqual(await world.store.openTerminal(begun), { kind: "opened" });
      assert.equal(await world.store.findTerminalState(hashOf(1), START), "pending");
      assert.deepEqual(await person.decide(1, "viewer"), { kind: "decided" });
      assert.deepEqual(await person.decide(1, "viewer"), { kind: "decided" });
      await world.restart(START);
      assert.deepEqual(await world.store.findTerminal("CODE1", START), {
        name: "ada@laptop",
        role: "viewer",
        address: "203.0.113.5",
        createdAt: START,
        expiresAt: EXPIRES,
        state: "approved",
      });
      const { id, hash } = world.newKey();
      const request = { hash: hashOf(1), key: { id, hash }, now: START + 2 };
      const issued = await world.store.issueTerminalKey(request);
      assert(issued.kind === "issued");
      assert.deepEqual(issued.key, {
        id,
        name: "cli ada@laptop",
        role: "viewer",
        test: false,
        expiresAt: null,
        idleMs: TERMINAL_KEY_IDLE_MS,
        createdAt: START + 2,
        createdBy: { kind: "user", id: person.id },
        usedAt: null,
        scopes: null,
      });
      assert.equal(issued.tenant.seq, person.tenantSeq);
      assert.deepEqual(await world.store.issueTerminalKey(request), issued);
      const again = world.newKey();
      assert.deepEqual(await world.store.issueTerminalKey({ ...request, key: again }), { kind: "unknown" });
      assert.equal(await world.store.findKey(again.hash), null);
      assert.equal((await world.store.findKey(hash))?.idleMs, TERMINAL_KEY_IDLE_MS);
      assert.equal(await world.store.findTerminalState(hashOf(1), START), null);
    });
  });

  test("the first decision counts, and an expired or unapproved terminal gets no key", async () => {
    await withWorld(open, async (world) => {
      const [first, second] = [await newPerson(world), await newPerson(world)];
      for (const number of [1, 2, 3]) await world.store.openTerminal({ terminal: terminal(number), now: START });
      const both = await Promise.all([first.decide(1, null), second.decide(1, "viewer")]);
      assert.deepEqual(both.map(({ kind }) => kind).toSorted(), ["decided", "decidedBefore"]);
      assert.deepEqual(await first.decide(9, null), { kind: "unknown" });
      assert.deepEqual(await first.decide(2, "viewer", EXPIRES), { kind: "unknown" });
      await first.decide(2, "viewer");
      const issue = (number: number, now: number) =>
        world.store.issueTerminalKey({ hash: hashOf(number), key: world.newKey(), now });
      assert.deepEqual(await issue(2, EXPIRES), { kind: "unknown" });
      assert.deepEqual(await issue(3, START), { kind: "unknown" });
      const weak = await newPerson(world, "developer");
      await weak.decide(3, "viewer");
      assert.deepEqual(await issue(3, START), { kind: "denied" }, "the person who approved it may not do so any more");
    });
  });

  test("few terminals of a network are open, and expired ones make room", async () => {
    await withWorld(open, async (world) => {
      const { store } = world;
      const begin = (number: number, network: string, now = START) =>
        store.openTerminal({ terminal: terminal(number, { network, expiresAt: now + TERMINAL_CODE_MS }), now });
      for (let number = 0; number < TERMINALS_PER_NETWORK_COUNT_MAX; number += 1) await begin(number, "here");
      assert.deepEqual(await begin(50, "here", START + 1), { kind: "tooMany", until: EXPIRES });
      assert.deepEqual(await begin(51, "elsewhere", START + 1), { kind: "opened" });
      assert.deepEqual(await begin(50, "here", EXPIRES), { kind: "opened" });
      assert.equal(await store.findTerminal("CODE0", START), null);
    });
  });

  test("a sign-in of a terminal revokes the tenant's keys that ended because nobody used them", async () => {
    await withWorld(open, async (world) => {
      const person = await newPerson(world);
      const keys = [world.newKey(), world.newKey(), world.newKey()];
      const signIn = async (number: number, now: number) => {
        await world.store.openTerminal({ terminal: terminal(number, { expiresAt: now + TERMINAL_CODE_MS }), now });
        await person.decide(number, "developer", now);
        const [key] = keys.slice(number);
        assert(key !== undefined);
        await world.store.issueTerminalKey({ hash: hashOf(number), key, now });
      };
      await signIn(0, START);
      await signIn(1, START + 1);
      await world.store.recordKeyUse(keys[1]?.id ?? assert.fail(), START + 2);
      await signIn(2, START + TERMINAL_KEY_IDLE_MS);
      const listed = (await world.store.listKeys(person.tenantSeq, null, 10)).keys.slice(1);
      assert.deepEqual(
        listed.map(({ id }) => id),
        keys.slice(1).map(({ id }) => id),
        "the first one ended at this moment",
      );
    });
  });
}
