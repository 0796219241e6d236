import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, START } from "../delivery/times.ts";
import { type OpenStore, useWorld } from "../world.ts";
import { createReceiving } from "./receiving.ts";

export function reprocessingCases(open: OpenStore): void {
  const world = useWorld(open);
  const newReceiving = async () => {
    const tenant = await world.newTenant();
    return { tenant, ...createReceiving(world, tenant) };
  };

  test("each reprocessing of a valid request publishes another event", async () => {
    const { tenant, source, take, again, find, events } = await newReceiving();
    const endpoint = await tenant.endpoint();
    const from = await source();
    const { id, event } = await take(from);
    const before = await find(id);
    const requests = [again(from, id, START + HOUR), again(from, id, START + 2 * HOUR)];
    const [first, second] = await Promise.all(requests.map((request) => world.store.reprocess(request)));
    assert(first?.kind === "reprocessed" && second?.kind === "reprocessed");
    assert.deepEqual(first.woken, [{ endpointSeq: endpoint.seq, readyAt: START }]);
    const ids = [event, ...requests.map((request) => request.event)].map((each) => each?.id ?? assert.fail());
    assert.deepEqual(first.record, { ...before, reprocessedAt: START + HOUR, eventIds: ids.slice(0, 2) });
    assert.deepEqual(second.record, { ...before, reprocessedAt: START + 2 * HOUR, eventIds: ids });
    assert.deepEqual(await find(id), second.record);
    assert.deepEqual(
      (await events(endpoint)).map((each) => each.id),
      ids,
    );
    for (const eventId of ids) assert.equal(await world.store.findInboundOfEvent(tenant.tenantSeq, eventId), id);
  });

  test("a new event type is stored in the record, and later filters use it", async () => {
    const { source, take, again, find, list } = await newReceiving();
    const from = await source();
    const { id } = await take(from, { kind: "any", eventType: "before" });
    const before = await find(id);
    const result = await world.store.reprocess({ ...again(from, id, START + 1), eventType: "after" });
    assert(result.kind === "reprocessed");
    const { reprocessedAt, eventIds } = result.record;
    assert.deepEqual(result.record, { ...before, eventType: "after", reprocessedAt, eventIds });
    assert.deepEqual(await find(id), result.record);
    const totals = ["before", "after"].map((eventType) => list({ kind: "any", eventType }));
    assert.deepEqual(
      (await Promise.all(totals)).map(({ total }) => total),
      [0, 1],
    );
    await world.store.reprocess(again(from, id, START + 2));
    assert.equal((await find(id)).eventType, "after");
  });

  test("a request from a deleted source can be reprocessed", async () => {
    const { tenant, source, take, again, events } = await newReceiving();
    const endpoint = await tenant.endpoint();
    const from = await source();
    const { id, event } = await take(from);
    await world.store.deleteSource({ ...tenant.owner, id: from.id, now: START });
    const request = again(from, id, START + 1);
    assert.equal((await world.store.reprocess(request)).kind, "reprocessed");
    assert.deepEqual(
      (await events(endpoint)).map((each) => each.id),
      [event?.id, request.event?.id],
    );
  });

  test("a reprocessing that is repeated after an ambiguous commit has no further effect", async () => {
    const { tenant, source, take, refuse, again, verified, events } = await newReceiving();
    const endpoint = await tenant.endpoint();
    const from = await source();
    const taken = await take(from, { same: null });
    const [refused, quiet] = [await refuse(from), await refuse(from)];
    const requests = [
      again(from, taken.id),
      { ...again(from, taken.id, START + 1), event: null },
      verified(from, refused, { same: "one" }),
      verified(from, quiet, { same: "two", change: "a>b" }),
    ];
    for (const request of requests) {
      const first = await world.store.reprocess(request);
      assert.equal(first.kind, "reprocessed");
      assert.deepEqual(await world.store.reprocess(request), first);
    }
    assert.equal((await events(endpoint)).length, 3);
  });

  test("a reprocessing can change the notes, and otherwise keeps them", async () => {
    const { source, take, again, find } = await newReceiving();
    const from = await source();
    const { id } = await take(from);
    await world.store.reprocess({ ...again(from, id), notes: "because" });
    await world.store.reprocess(again(from, id));
    assert.equal((await find(id)).notes, "because");
    await world.store.reprocess({ ...again(from, id), notes: null });
    assert.equal((await find(id)).notes, null);
  });

  test("a refused request that is verified now becomes valid, publishes its event, and its repeats are recognized", async () => {
    const { tenant, source, refuse, verified, find, list, events, request, receive } = await newReceiving();
    const endpoint = await tenant.endpoint();
    const from = await source();
    const refused = await refuse(from, { body: '{"n":1}' });
    const before = await find(refused.id);
    const asked = verified(from, refused, { now: START + HOUR });
    const result = await world.store.reprocess({ ...asked, notes: "the secret was wrong" });
    assert(result.kind === "reprocessed");
    assert.deepEqual(result.woken, [{ endpointSeq: endpoint.seq, readyAt: START + HOUR }]);
    const eventId = asked.event?.id ?? assert.fail();
    assert.deepEqual(result.record, {
      ...before,
      valid: true,
      rejection: null,
      explanation: null,
      facts: asked.verified?.facts,
      processedAt: START + HOUR,
      reprocessedAt: START + HOUR,
      notes: "the secret was wrong",
      eventIds: [eventId],
    });
    assert.deepEqual(await find(refused.id), result.record);
    assert.deepEqual([(await list({ valid: true })).total, (await list({ valid: false })).total], [1, 0]);
    assert.deepEqual(
      (await events(endpoint)).map(({ id }) => id),
      [eventId],
    );
    const repeat = await receive(request(from, { body: '{"n":1}' }));
    assert.deepEqual(repeat, {
      kind: "repeated",
      id: refused.id,
      direction: "PAUSE_ACTIVATED",
      triggered: true,
      eventId,
    });
  });

  test("the credentials of a refused request are kept until it is valid, and no record shows them", async () => {
    const { source, refuse, take, verified, find } = await newReceiving();
    const from = await source({ scheme: "basic", basic: { username: "u" } });
    const credentials = "Basic dTrDqQ== \u00e9";
    const refused = await refuse(from, { credentials });
    const without = await refuse(from);
    const of = ({ id }: Pick<typeof refused, "id">) => world.store.getCredentials(id);
    await world.store.refuse([{ ...refused, credentials: "another" }]);
    await world.restart(START);
    assert.deepEqual(await of(refused), { kind: "kept", authorization: credentials });
    assert.deepEqual(await of(without), { kind: "none" });
    assert.equal(JSON.stringify(await find(refused.id)).includes("dTrDqQ"), false);
    const result = await world.store.reprocess(verified(from, refused, { same: "with" }));
    assert.equal(result.kind, "reprocessed");
    for (const gone of [refused, await take(from, { same: "other" }), { id: world.newId() }]) {
      assert.equal(await of(gone), null);
    }
  });

  test("deleting a source deletes the credentials of its refused requests only", async () => {
    const { tenant, source, refuse } = await newReceiving();
    const [from, other] = [await source(), await source()];
    const credentials = "Basic dTpw";
    const [first, beside] = [await refuse(from, { credentials }), await refuse(other, { credentials })];
    await world.store.deleteSource({ ...tenant.owner, id: from.id, now: START });
    const late = await refuse(from, { credentials });
    for (const { id } of [first, late]) assert.deepEqual(await world.store.getCredentials(id), { kind: "none" });
    assert.equal((await world.store.getCredentials(beside.id))?.kind, "kept");
  });

  test("of two concurrent reprocessings of a refused request, one succeeds", async () => {
    const { tenant, source, refuse, verified, events } = await newReceiving();
    const endpoint = await tenant.endpoint();
    const from = await source();
    for (const change of ["active>paused", "a>b"]) {
      const refused = await refuse(from);
      const requests = [START, START + 1].map((now) => verified(from, refused, { now, change, same: change }));
      const results = await Promise.all(requests.map((request) => world.store.reprocess(request)));
      assert.equal(results[0]?.kind, "reprocessed");
      assert.deepEqual(results[1], { kind: "repeated", id: refused.id });
    }
    assert.equal((await events(endpoint)).length, 1);
  });

  test("a refused request whose content was received in another way stays refused", async () => {
    const { tenant, source, take, refuse, verified, find, events } = await newReceiving();
    const endpoint = await tenant.endpoint();
    const from = await source();
    const refused = await refuse(from);
    const taken = await take(from);
    const before = await find(refused.id);
    assert.deepEqual(await world.store.reprocess(verified(from, refused)), { kind: "repeated", id: taken.id });
    assert.deepEqual(await find(refused.id), before);
    assert.equal((await events(endpoint)).length, 1);
  });

  test("an unattributed request is attributed to the source that verified it", async () => {
    const { tenant, source, refuse, verified, find, list } = await newReceiving();
    const from = await source();
    const refused = await refuse(null);
    const result = await world.store.reprocess(verified(from, refused));
    assert.equal(result.kind, "reprocessed");
    const { tenantSeq, sourceId, sourceName } = await find(refused.id);
    assert.deepEqual([tenantSeq, sourceId, sourceName], [tenant.tenantSeq, from.id, from.name]);
    assert.equal((await list({ sourceId: from.id })).total, 1);
  });

  test("the audit records each reprocessing, note and deletion once, with its actor", async () => {
    const { tenant, source, take, refuse, again, verified, audit } = await newReceiving();
    const [from, { actor }, keyId] = [await source(), tenant, tenant.actor.id];
    const [taken, quiet, refused] = [await take(from), await take(from, { same: null }), await refuse(from)];
    const requests = [
      again(from, taken.id, START + 1),
      { ...again(from, quiet.id, START + 2), event: null },
      { ...verified(from, refused, { same: "other", now: START + 3 }), notes: "why" },
    ];
    // Twice each, as after an ambiguous commit.
    for (const request of requests.flatMap((one) => [one, one])) await world.store.reprocess(request);
    // Failed reprocessings leave no entry: the request is already verified, or it is unknown.
    await world.store.reprocess(verified(from, refused, { now: START + 4 }));
    await world.store.reprocess(again(from, world.newId()));
    const on = { actor, tenantSeq: null, id: taken.id };
    for (const notes of ["one", "one", null, null]) await world.store.noteInbound({ ...on, notes, now: START + 5 });
    for (let time = 0; time < 2; time += 1) await world.store.deleteInbound({ ...on, now: START + 6 });
    const entry = (type: string, { id }: { readonly id: string }, data: object, at: number) => [
      `inbound.${type}`,
      "developer",
      { inboundId: id, ...data, keyId },
      START + at,
    ];
    const [first, , third] = requests.map(({ event }) => event?.id ?? null);
    assert.deepEqual(await audit(), [
      entry("reprocessed", taken, { eventId: first, rejection: null }, 1),
      entry("reprocessed", quiet, { eventId: null, rejection: null }, 2),
      entry("reprocessed", refused, { eventId: third, rejection: "signature_mismatch" }, 3),
      entry("noted", refused, {}, 3),
      entry("noted", taken, {}, 5),
      entry("noted", taken, {}, 5),
      entry("deleted", taken, { source: from.name }, 6),
    ]);
  });

  test("changes of a tenant's record are in that tenant's audit, and of an unattributed record in the actor's audit", async () => {
    const { source, take, refuse, audit } = await newReceiving();
    const other = await world.newTenant();
    const { audit: own } = createReceiving(world, other);
    const records = [await take(await source()), await refuse(null)];
    for (const { id } of records) {
      const on = { actor: other.actor, tenantSeq: null, id, now: START };
      await world.store.noteInbound({ ...on, notes: "seen" });
      await world.store.deleteInbound(on);
    }
    for (const [entries, record] of [
      [await audit(), records[0]],
      [await own(), records[1]],
    ] as const) {
      assert.deepEqual(
        entries.map(([type, , data]) => [type, data.inboundId, data.keyId]),
        ["inbound.noted", "inbound.deleted"].map((type) => [type, record?.id, other.actor.id]),
      );
    }
  });

  test("an unknown request and another tenant's request cannot be reprocessed", async () => {
    const { source, take, again, find } = await newReceiving();
    const other = await world.newTenant();
    const from = await source();
    const { id } = await take(from);
    const before = await find(id);
    const foreign = { ...again(from, id), tenantSeq: other.tenantSeq };
    for (const request of [foreign, again(from, world.newId())]) {
      assert.deepEqual(await world.store.reprocess(request), { kind: "unknown" });
    }
    assert.deepEqual(await find(id), before);
  });
}
