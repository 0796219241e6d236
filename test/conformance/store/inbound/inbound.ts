import assert from "node:assert/strict";
import { test } from "node:test";
import { REFUSED_BODY_BYTES_MAX } from "../../../../src/domain/limits.ts";
import type { InboundRecord } from "../../../../src/ports/store.ts";
import { HOUR, START } from "../delivery/times.ts";
import { type OpenStore, useWorld } from "../world.ts";
import { createReceiving } from "./receiving.ts";

export function inboundCases(open: OpenStore): void {
  const world = useWorld(open);
  const newReceiving = async () => {
    const tenant = await world.newTenant();
    return { tenant, ...createReceiving(world, tenant) };
  };
  const kept = (bytes: Uint8Array) => Buffer.from(bytes);

  // ── Receipt ─────────────────────────────────────────────────────────────────────────────────────────────────────

  test("a verified request is stored byte for byte", async () => {
    const { tenant, source, request, receive, find } = await newReceiving();
    const from = await source();
    const asked = request(from);
    const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
    const raw = { ...asked.raw, body: bytes };
    const result = await receive({ ...asked, raw });
    assert.deepEqual(result, { kind: "received", woken: [] });
    const expected: Omit<InboundRecord, "raw"> = {
      seq: (await find(asked.id)).seq,
      id: asked.id,
      kind: "pauseStatus",
      tenantSeq: tenant.tenantSeq,
      sourceId: from.id,
      sourceName: from.name,
      eventType: asked.eventType,
      valid: true,
      rejection: null,
      explanation: null,
      bodyBytes: bytes.byteLength,
      address: asked.address,
      facts: asked.facts,
      receivedAt: START,
      processedAt: START,
      reprocessedAt: null,
      notes: null,
      eventIds: [asked.event?.id ?? assert.fail()],
    };
    for (let time = 0; time < 2; time += 1) {
      const { raw: stored, ...record } = await find(asked.id);
      assert.deepEqual(record, expected);
      assert.deepEqual({ ...stored, body: kept(stored.body) }, { ...raw, body: kept(bytes) });
      assert.equal(stored.body.buffer.byteLength, bytes.byteLength, "the buffer contains more than the body");
      await world.restart(START);
    }
  });

  test("an empty body is stored as an empty body", async () => {
    const { source, take, refuse, find } = await newReceiving();
    const from = await source();
    for (const { id } of [await take(from, { kind: "any", body: "" }), await refuse(from, { body: "" })]) {
      const { raw, bodyBytes } = await find(id);
      assert.deepEqual([raw.body.byteLength, bodyBytes], [0, 0]);
    }
  });

  test("a verified request publishes its event to the matching endpoints, and each is found from the other", async () => {
    const { tenant, source, request, receive, find, events } = await newReceiving();
    const other = await world.newTenant();
    const [everything, filtered, paused] = [
      await tenant.endpoint(),
      await tenant.endpoint({ eventTypes: ["pause_status.*"] }),
      await tenant.endpoint(),
    ];
    const orders = await tenant.endpoint({ eventTypes: ["order.paid"] });
    const foreign = await other.endpoint();
    await tenant.patch(paused, { status: "PAUSED" }, START);
    const asked = request(await source());
    const result = await receive(asked);
    assert(result.kind === "received");
    assert.deepEqual(result.woken, [
      { endpointSeq: everything.seq, readyAt: START },
      { endpointSeq: filtered.seq, readyAt: START },
    ]);
    const eventId = asked.event?.id ?? assert.fail();
    for (const endpoint of [everything, filtered, paused]) {
      const sent = await events(endpoint);
      assert.deepEqual(
        sent.map(({ id, type, payload }) => [id, type, payload]),
        [[eventId, "pause_status.activated", asked.event?.payload]],
      );
    }
    for (const endpoint of [orders, foreign]) assert.deepEqual(await events(endpoint), []);
    assert.deepEqual((await find(asked.id)).eventIds, [eventId]);
    assert.equal(await world.store.findInboundOfEvent(tenant.tenantSeq, eventId), asked.id);
    assert.equal(await world.store.findInboundOfEvent(other.tenantSeq, eventId), null);
    const published = await tenant.publish([]);
    assert.equal(await world.store.findInboundOfEvent(tenant.tenantSeq, published.eventId), null);
    assert.equal((await tenant.claim(filtered, START)).length, 1);
  });

  test("events go to the current endpoints, whatever was cached before", async () => {
    const { tenant, source, take, events } = await newReceiving();
    const from = await source();
    const send = (type: string) => take(from, { kind: "any", eventType: type, same: null });
    const types = async (endpoint: Parameters<typeof events>[0]) =>
      (await events(endpoint)).map(({ type }) => type).toSorted();
    await send("before");
    const first = await tenant.endpoint();
    await send("both");
    const second = await tenant.endpoint();
    await send("both");
    await tenant.patch(first, { settings: { eventTypes: ["none"] } }, START);
    await send("both");
    await tenant.patch(second, { status: "DISABLED" }, START);
    await send("both");
    await tenant.patch(second, { status: "ACTIVE" }, START);
    await tenant.remove(first, START);
    await send("both");
    assert.deepEqual(await types(second), ["both", "both", "both"]);
    assert.equal((await tenant.all()).filter(({ endpointId }) => endpointId === first.id).length, 2);
  });

  test("a request that triggers nothing is recorded and publishes nothing", async () => {
    const { tenant, source, request, receive, find, events } = await newReceiving();
    const endpoint = await tenant.endpoint();
    const asked = request(await source(), { change: "paused>gone" });
    assert.deepEqual(await receive(asked), { kind: "received", woken: [] });
    const record = await find(asked.id);
    assert.deepEqual([record.facts?.direction, record.eventIds], ["NONE", []]);
    assert.deepEqual(await events(endpoint), []);
  });

  // ── Repeats ─────────────────────────────────────────────────────────────────────────────────────────────────────

  test("a repeat gets the first answer and has no other effect", async () => {
    const { tenant, source, take, request, receive, list, events } = await newReceiving();
    const endpoint = await tenant.endpoint();
    const from = await source();
    const loud = await take(from, { body: '{"n":1}' });
    const quiet = await take(from, { body: '{"n":2}', change: "a>b" });
    for (let time = 0; time < 2; time += 1) {
      const repeats = [loud, quiet].map(({ raw }) =>
        receive(request(from, { body: Buffer.from(raw.body).toString(), change: "a>b", now: START + HOUR })),
      );
      assert.deepEqual(await Promise.all(repeats), [
        {
          kind: "repeated",
          id: loud.id,
          direction: "PAUSE_ACTIVATED",
          triggered: true,
          eventId: loud.event?.id,
        },
        { kind: "repeated", id: quiet.id, direction: "NONE", triggered: false, eventId: null },
      ]);
      await world.restart(START);
    }
    assert.equal((await list()).total, 2);
    assert.equal((await events(endpoint)).length, 1);
  });

  test("of equal requests in one commit, the first is received", async () => {
    const { source, request, list } = await newReceiving();
    const from = await source();
    const requests = [request(from), request(from), request(from)];
    const [first, ...rest] = await world.store.receive(requests);
    assert.equal(first?.kind, "received");
    for (const each of rest) assert(each.kind === "repeated" && each.id === requests[0]?.id);
    assert.equal((await list()).total, 1);
  });

  test("a request without a digest is never a repeat, nor is a request of another source", async () => {
    const { source, take, list } = await newReceiving();
    const [one, two] = [await source(), await source()];
    for (const from of [one, one, two]) await take(from, { same: null });
    for (const from of [one, two]) await take(from);
    assert.equal((await list()).total, 5);
  });

  test("a receipt that is repeated after an ambiguous commit has no further effect", async () => {
    const { tenant, source, request, list, events } = await newReceiving();
    const endpoint = await tenant.endpoint();
    const from = await source();
    for (const asked of [request(from), request(from, { same: null }), request(from, { same: null, change: "a>b" })]) {
      const [first] = await world.store.receive([asked]);
      const beside = request(from, { same: null });
      const [again, other] = await world.store.receive([asked, beside]);
      assert.deepEqual(again, first);
      assert.equal(other?.kind, "received");
    }
    assert.equal((await list()).total, 6);
    assert.equal((await events(endpoint)).length, 5);
  });

  // ── Refusals ────────────────────────────────────────────────────────────────────────────────────────────────────

  test("a refused request is stored separately with the reason, and publishes nothing", async () => {
    const { tenant, source, refuse, find, events } = await newReceiving();
    const endpoint = await tenant.endpoint();
    const from = await source();
    const of = await find((await refuse(from, { now: START + 5 })).id);
    const nobodys = await find((await refuse(null)).id);
    assert.deepEqual(
      [of.valid, of.tenantSeq, of.sourceId, of.sourceName, of.rejection, of.explanation, of.receivedAt],
      [
        false,
        tenant.tenantSeq,
        from.id,
        from.name,
        "signature_mismatch",
        "It was signed with another secret.",
        START + 5,
      ],
    );
    assert.deepEqual([of.processedAt, of.facts, of.eventIds], [null, null, []]);
    const { tenantSeq, sourceId, sourceName, rejection } = nobodys;
    assert.deepEqual([tenantSeq, sourceId, sourceName, rejection], [null, null, "who_knows", "source_unknown"]);
    assert.deepEqual(await events(endpoint), []);
  });

  test("a known source's body is stored whole, and of other bodies only the beginning", async () => {
    const { source, refuse, find } = await newReceiving();
    const body = "0123456789".repeat(5000);
    const whole = await find((await refuse(await source(), { body })).id);
    assert.equal(Buffer.from(whole.raw.body).toString(), body);
    const cut = await find((await refuse(null, { body })).id);
    assert.equal(Buffer.from(cut.raw.body).toString(), body.slice(0, REFUSED_BODY_BYTES_MAX));
    assert.deepEqual([whole.bodyBytes, cut.bodyBytes], [body.length, body.length]);
  });

  test("a refusal that is repeated after an ambiguous commit has no further effect", async () => {
    const { source, refuse, list } = await newReceiving();
    const from = await source();
    const refused = await refuse(from);
    await world.store.refuse([await refuse(from), refused]);
    assert.equal((await list()).total, 2);
  });

  // ── Notes and deletion ──────────────────────────────────────────────────────────────────────────────────────────

  test("notes can be set and removed", async () => {
    const { tenant, source, take, find } = await newReceiving();
    const { id } = await take(await source());
    const note = (notes: string | null, tenantSeq: number | null = tenant.tenantSeq) =>
      world.store.noteInbound({ actor: tenant.actor, tenantSeq, id, notes, now: START + 1 });
    const before = await find(id);
    assert.deepEqual(await note("what was it?"), { ...before, notes: "what was it?" });
    assert.deepEqual(await note(null, null), before);
    const other = await world.newTenant();
    assert.equal(await note("theirs", other.tenantSeq), null);
    assert.deepEqual(await find(id), before);
  });

  test("a deleted record is not found, but its event stays and its repeats are still recognized", async () => {
    const { tenant, source, take, request, receive, isThere, list } = await newReceiving();
    const other = await world.newTenant();
    const from = await source();
    const first = await take(from);
    const remove = (tenantSeq: number | null) =>
      world.store.deleteInbound({ actor: tenant.actor, tenantSeq, id: first.id, now: START });
    assert.equal(await remove(other.tenantSeq), false);
    assert.equal(await remove(null), true);
    assert.equal(await remove(null), false);
    assert.equal(await isThere(first.id), false);
    assert.equal((await list()).total, 0);
    const eventId = first.event?.id ?? assert.fail();
    assert.equal((await tenant.event(eventId)).type, "pause_status.activated");
    assert.equal(await world.store.findInboundOfEvent(tenant.tenantSeq, eventId), null);
    const repeat = await receive(request(from));
    assert(repeat.kind === "repeated" && repeat.id === first.id && repeat.eventId === eventId);
    assert.deepEqual(await receive(first), { kind: "received", woken: [] });
    assert.equal(await isThere(first.id), false);
  });

  test("a record is found by its own tenant, and by a lookup across tenants", async () => {
    const { tenant, source, take, refuse } = await newReceiving();
    const other = await world.newTenant();
    const { id } = await take(await source());
    assert.equal((await world.store.getInbound(tenant.tenantSeq, id))?.id, id);
    assert.equal((await world.store.getInbound(null, id))?.id, id);
    assert.equal(await world.store.getInbound(other.tenantSeq, id), null);
    assert.equal(await world.store.getInbound(null, world.newId()), null);
    const nobodys = await refuse(null);
    assert.equal(await world.store.getInbound(tenant.tenantSeq, nobodys.id), null);
  });
}
