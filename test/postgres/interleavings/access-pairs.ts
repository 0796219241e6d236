/** Pairs of verbs that meet on a sender's request, a user, or a key. */
import assert from "node:assert/strict";
import type { Source } from "../../../src/domain/inbound/source.ts";
import { HOUR, START } from "../../conformance/store/delivery/times.ts";
import { createSourceOf, receiveOf, refuseOf, verifiedOf } from "../../fixtures/inbound.ts";
import { inOrder, meet, type Node, type Pair, pair } from "./interleave.ts";

let names = 0;

async function newSource({ store, newId, tenant: { actor } }: Node): Promise<Source> {
  names += 1;
  const request = createSourceOf({ newId, now: START }, actor, { name: `interleaved ${names}` });
  const created = await store.createSource(request);
  assert(created.kind === "created");
  return created.source;
}

const groundOf = ({ newId }: Node) => ({ newId, now: START });
const hashOf = (number: number) => number.toString(16).padStart(64, "f");

export const ACCESS_PAIRS: readonly Pair[] = [
  pair(["receive", "receive a repeat"], async ({ a, b }) => {
    const source = await newSource(a);
    const [ofA, ofB] = [receiveOf(groundOf(a), source), receiveOf(groundOf(b), source)];
    return meet(
      () => a.store.receive([ofA]),
      () => b.store.receive([ofB]),
      (answers) => {
        const [[taken], [repeat]] = inOrder(answers);
        assert.equal(taken?.kind, "received");
        assert.equal(repeat?.kind === "repeated" && repeat.id, answers.first === "a" ? ofA.id : ofB.id);
      },
    );
  }),
  pair(["reprocess", "delete the record"], async ({ a, b }) => {
    const endpoint = await a.tenant.endpoint({ eventTypes: ["pause_status.*"] });
    const source = await newSource(a);
    const refused = refuseOf(groundOf(a), source);
    await a.store.refuse([refused]);
    const { actor } = a.tenant;
    return meet(
      () => a.store.reprocess(verifiedOf(groundOf(a), actor, source, refused)),
      () => b.store.deleteInbound({ actor, tenantSeq: null, id: refused.id, now: START }),
      async ({ b: isDeleted, first }) => {
        assert.equal(isDeleted, true);
        const sent = (await a.tenant.all()).filter(({ endpointId }) => endpointId === endpoint.id);
        assert.equal(sent.length, first === "a" ? 1 : 0);
      },
    );
  }),
  pair(["create a user", "create a user with the same address"], async ({ a, b }) => {
    names += 1;
    const email = `user${names}@example.com`;
    const create = async ({ store, newId, tenant }: Node) => {
      const user = { id: newId(), email, passwordHash: "$argon2id$", role: "developer" } as const;
      return (await store.createUser({ ...tenant.owner, user, link: null, now: START })).kind;
    };
    return meet(
      () => create(a),
      () => create(b),
      (answers) => assert.deepEqual(inOrder(answers), ["created", "emailTaken"]),
    );
  }),
  pair(["use a password link", "use it too"], async ({ a, b }) => {
    names += 1;
    const link = { hash: hashOf(names), until: START + HOUR };
    const user = { id: a.newId(), email: `user${names}@example.com`, passwordHash: "", role: "developer" } as const;
    await a.store.createUser({ ...a.tenant.owner, user, link, now: START });
    const use = ({ store, newId }: Node) =>
      store.usePasswordLink({ hash: link.hash, passwordHash: newId(), now: START });
    return meet(
      () => use(a),
      () => use(b),
      (answers) => assert.deepEqual(inOrder(answers), [true, false]),
    );
  }),
  pair(["sign in", "disable the user"], async ({ a, b }) => {
    names += 1;
    const hash = hashOf(names);
    const user = { id: a.newId(), email: `user${names}@example.com`, passwordHash: "x", role: "developer" } as const;
    await a.store.createUser({ ...a.tenant.owner, user, link: null, now: START });
    const session = { hash, userId: user.id, expiresAt: START + HOUR, address: "", userAgent: null };
    return meet(
      () => a.store.createSession({ session, passwordHash: "x", replaces: null, now: START }),
      () => b.store.setUserDisabled({ id: user.id, disabled: true, now: START }),
      async ({ a: isSignedIn, first }) => {
        assert.equal(isSignedIn, first === "a");
        assert.equal(await a.store.findSession(hash), null);
      },
    );
  }),
  pair(["rotate a key", "revoke it"], async ({ a, b }) => {
    names += 1;
    const key = {
      id: a.newId(),
      hash: hashOf(names),
      name: "k",
      role: "developer",
      test: false,
      expiresAt: null,
      idleMs: null,
    } as const;
    await a.store.createKey({ ...a.tenant.owner, key, now: START });
    const actor = (await a.store.findKey(key.hash)) ?? assert.fail();
    const next = `0${hashOf(names).slice(1)}`;
    return meet(
      () => a.store.rotateKey({ actor, id: a.newId(), hash: next, now: START }),
      () => b.store.revokeKey({ ...b.tenant.owner, id: key.id, now: START }),
      async ({ a: isRotated, first }) => {
        assert.equal(isRotated, first === "a");
        assert.equal(await a.store.findKey(key.hash), null);
        assert.equal((await a.store.findKey(next)) !== null, first === "a");
      },
    );
  }),
];
