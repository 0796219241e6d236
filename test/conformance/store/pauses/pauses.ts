import assert from "node:assert/strict";
import { test } from "node:test";
import type { TraceContext } from "../../../../src/domain/delivery/trace-context.ts";
import type { Endpoint } from "../../../../src/domain/endpoints/endpoint.ts";
import { LIST_PAGE_BYTES_MAX, LIST_PAGE_MAX, PAUSE_METADATA_BYTES_MAX } from "../../../../src/domain/limits.ts";
import type { Pause } from "../../../../src/domain/pauses/pause.ts";
import type { Cursor, EndPauseResult, PausePage } from "../../../../src/ports/store.ts";
import { HOUR, SECOND, START } from "../delivery/times.ts";
import { type OpenStore, useWorld } from "../world.ts";
import { ANY_PAUSE, auditOf, createAsking, EMAIL } from "./asking.ts";

const TTL = 72 * HOUR;

export function pauseCases(open: OpenStore): void {
  const world = useWorld(open);
  const newAsking = async () => {
    const tenant = await world.newTenant();
    return { tenant, ...createAsking(world, tenant) };
  };
  const kinds = (results: readonly EndPauseResult[]) => results.map(({ kind }) => kind).toSorted();

  // ── Creating ────────────────────────────────────────────────────────────────────────────────────────────────────

  test("a pause is stored as it was requested", async () => {
    const { tenant, ask, find } = await newAsking();
    const question = {
      message: "Line one\nline two ✓",
      options: ["a", "b", "c"],
      details: [{ label: "Amount", value: "340 EUR\n✓" }],
      allowTextResponse: true,
      timeoutDefault: "b",
      metadata: '{"z": 1, "a": [2]}',
    };
    const notification = { status: "none", reason: "made with a test key" } as const;
    const pause = await ask({ ...question, recipient: EMAIL, notification, expiresAt: START + 5 * SECOND });
    assert.deepEqual(pause, {
      id: pause.id,
      seq: pause.seq,
      tenantId: tenant.actor.tenantId,
      tenantSeq: tenant.tenantSeq,
      tenantName: "Tenant",
      linkWithheld: false,
      agent: null,
      act: null,
      ...question,
      recipient: EMAIL,
      signIn: null,
      plan: null,
      tellsApprovers: false,
      votes: [],
      isQuorumReachable: null,
      reminded: 0,
      escalatedAt: null,
      notification,
      expiresAt: START + 5 * SECOND,
      createdAt: START,
      ending: null,
      receipt: null,
      eventId: null,
    });
    assert.deepEqual(await find(pause), pause);
    await world.restart(START);
    assert.deepEqual(await find(pause), pause);
  });

  test("a pause is found by its own tenant and by its link, but by no other tenant", async () => {
    const { ask } = await newAsking();
    const other = await world.newTenant();
    const pause = await ask();
    assert.equal(await world.store.getPause(other.tenantSeq, pause.id), null);
    assert.deepEqual(await world.store.getPause(null, pause.id), pause);
    assert.equal(await world.store.getPause(null, world.newId()), null);
  });

  test("a create request that is repeated after an ambiguous result creates one pause", async () => {
    const { request, audit } = await newAsking();
    for (const asked of [request(), request({ key: { name: "k" } })]) {
      const first = await world.store.createPause(asked);
      assert.equal(first.kind, "created");
      assert.deepEqual(await world.store.createPause(asked), first);
      assert.equal((await audit({ pauseId: asked.id })).length, 1);
    }
  });

  test("a repeated idempotency key returns the first pause in its current state, and other content is a conflict", async () => {
    const { request, answer, find } = await newAsking();
    const key = { name: "k" };
    const asked = [request({ key }), request({ key })];
    const [first, second] = await Promise.all(asked.map((each) => world.store.createPause(each)));
    assert(first?.kind === "created");
    assert.deepEqual(second, { kind: "repeated", pause: first.pause });
    await answer(first.pause);
    const late = await world.store.createPause(request({ key, now: START + TTL - 1 }));
    assert.deepEqual(late, { kind: "repeated", pause: await find(first.pause) });
    const other = request({ key: { name: "k", fingerprint: "other" } });
    assert.deepEqual(await world.store.createPause(other), { kind: "conflict" });
    assert.equal(await world.store.getPause(null, other.id), null);
    const fresh = await world.store.createPause(request({ key, now: START + TTL }));
    assert(fresh.kind === "created" && fresh.pause.id !== first.pause.id);
  });

  test("idempotency keys of pauses are separate from those of events and of other tenants", async () => {
    const [one, two] = [await newAsking(), await newAsking()];
    await one.tenant.publish([], { key: { name: "k", fingerprint: "event" } });
    await one.ask({ key: { name: "k", fingerprint: "one" } });
    await two.ask({ key: { name: "k", fingerprint: "two" } });
  });

  // ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────────────

  test("a list contains the tenant's own pauses, newest first, in pages, for every status", async () => {
    const { tenant, ask, answer, cancel, expire } = await newAsking();
    const others = await newAsking();
    const pauses: Pause[] = [];
    for (let index = 0; index < 9; index += 1) {
      pauses.push(await ask());
      await others.ask();
    }
    const endings = [answer, cancel, expire];
    for (const [index, pause] of pauses.entries()) await endings[index % 4]?.(pause);
    const ids = async (status: "pending" | "responded" | "timed_out" | "cancelled" | null) => {
      const found: string[] = [];
      let cursor: Cursor | null = null;
      do {
        const page: PausePage = await world.store.listPauses(
          { ...ANY_PAUSE, tenantSeq: tenant.tenantSeq, status },
          cursor,
          2,
        );
        assert(page.pauses.every(({ ending }) => status === null || (ending?.status ?? "pending") === status));
        found.push(...page.pauses.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== null);
      return found;
    };
    const expected = (rest: number | null) =>
      pauses
        .filter((_, index) => rest === null || index % 4 === rest)
        .map(({ id }) => id)
        .toReversed();
    assert.deepEqual(await ids(null), expected(null));
    for (const [rest, status] of (["responded", "cancelled", "timed_out", "pending"] as const).entries()) {
      assert.deepEqual(await ids(status), expected(rest));
    }
  });

  test("a page of pauses with much metadata ends early, and the pages contain every pause once, newest first", async () => {
    const { tenant, ask } = await newAsking();
    const metadata = JSON.stringify({ text: "x".repeat(PAUSE_METADATA_BYTES_MAX - 100) });
    const perPage = Math.floor(LIST_PAGE_BYTES_MAX / PAUSE_METADATA_BYTES_MAX);
    const made: Pause[] = [];
    for (let count = 0; count < 2 * perPage; count += 1) made.push(await ask({ metadata }));
    for (const status of [null, "pending"] as const) {
      const found: string[] = [];
      let cursor: Cursor | null = null;
      do {
        const page: PausePage = await world.store.listPauses(
          { ...ANY_PAUSE, tenantSeq: tenant.tenantSeq, status },
          cursor,
          LIST_PAGE_MAX,
        );
        assert(page.pauses.length > 0 && page.pauses.length <= perPage);
        found.push(...page.pauses.map(({ id }) => id));
        cursor = page.next;
      } while (cursor !== null);
      assert.deepEqual(found, made.map(({ id }) => id).toReversed());
    }
  });

  test("a page that ends with the last pause has no next page", async () => {
    const { tenant, ask } = await newAsking();
    const filter = { ...ANY_PAUSE, tenantSeq: tenant.tenantSeq };
    assert.deepEqual(await world.store.listPauses(filter, null, 2), { pauses: [], next: null });
    await ask();
    await ask();
    assert.equal((await world.store.listPauses(filter, null, 2)).next, null);
    assert.notEqual((await world.store.listPauses(filter, null, 1)).next, null);
  });

  test("endings are counted by the time of the question, with how long people took", async () => {
    const { tenant, ask, answer, cancel, expire } = await newAsking();
    const others = await newAsking();
    await others.answer(await others.ask());
    for (const tookMs of [10, 30, 20]) await answer(await ask(), { now: START + tookMs });
    await cancel(await ask());
    await expire(await ask({ timeoutDefault: "no" }));
    await expire(await ask());
    await ask({ now: START + HOUR });
    const count = (from: number, to: number) =>
      world.store.countPauseEndings(tenant.tenantSeq, { from, to, stepMs: HOUR });
    const nothing = { pending: 0, responded: 0, timedOut: 0, byDefault: 0, cancelled: 0, p50Ms: null, p95Ms: null };
    const { since, buckets } = await count(START, START + 2 * HOUR);
    assert.equal(since, null);
    assert.deepEqual(
      buckets.toSorted((a, b) => a.at - b.at),
      [
        { ...nothing, at: START, responded: 3, timedOut: 2, byDefault: 1, cancelled: 1, p50Ms: 20, p95Ms: 30 },
        { ...nothing, at: START + HOUR, pending: 1 },
      ],
    );
    assert.deepEqual((await count(START + 2 * HOUR, START + 3 * HOUR)).buckets, []);
  });

  // ── Ending ──────────────────────────────────────────────────────────────────────────────────────────────────────

  const ANSWERED =
    '{"choice":"no","text":"not \\"today\\"","response_at":"2027-01-15T00:00:01Z","metadata":{"b": 1,"a":2}}';
  const endings: readonly (readonly [
    string,
    string,
    (on: ReturnType<typeof createAsking>, pause: Pause) => unknown,
  ])[] = [
    ["pause.responded", ANSWERED, (on, pause) => on.answer(pause, { choice: "no", text: 'not "today"', now: AT })],
    ["pause.timed_out", '{"choice":"yes","response_at":"2027-01-15T01:00:00Z","metadata":{"b": 1,"a":2}}', expire],
    ["pause.cancelled", '{"choice":null,"text":null,"response_at":null,"metadata":{"b": 1,"a":2}}', cancel],
  ];

  for (const [type, payload, end] of endings) {
    test(`${type} is published once, with the fields of its format and the trace of the question, to the endpoints that match`, async () => {
      const { tenant, ask, events, ...asking } = await newAsking();
      const everything = await tenant.endpoint();
      const filtered = await tenant.endpoint({ eventTypes: ["pause.*"] });
      const other = await tenant.endpoint({ eventTypes: ["order.paid"] });
      const metadata = '{"b": 1,"a":2}';
      const trace = `00-${"0a".repeat(16)}-${"0b".repeat(8)}-01 rojo=1` as TraceContext;
      const pause = await ask({ allowTextResponse: true, timeoutDefault: "yes", metadata, trace });
      const result = (await end({ ask, events, ...asking }, pause)) as EndPauseResult;
      assert(result.kind === "ended");
      assert.deepEqual(
        result.woken.map(({ endpointSeq }) => endpointSeq),
        [everything.seq, filtered.seq],
      );
      for (const endpoint of [everything, filtered]) {
        const sent = await events(endpoint);
        assert.deepEqual(
          sent.map((event) => [event.type, event.payload]),
          [[type, payload]],
        );
      }
      assert.deepEqual(await events(other), []);
      const [delivery] = await tenant.claim(filtered, pause.expiresAt + HOUR);
      const { event } = delivery ?? assert.fail();
      assert.deepEqual([event.pauseId, event.type, event.trace], [pause.id, type, trace]);
    });
  }

  test("the first answer wins, a repeat of it succeeds, and a different answer is refused and recorded", async () => {
    const { tenant, ask, answer, find, events, ...asking } = await newAsking();
    const endpoint = await tenant.endpoint();
    const pause = await ask({ allowTextResponse: true });
    const won = await answer(pause, { choice: "no", text: "why", now: AT });
    assert(won.kind === "ended");
    const ending = { status: "responded", choice: "no", text: "why", at: AT } as const;
    const { eventId, receipt } = won.pause;
    assert.deepEqual(won.pause, { ...pause, ending, eventId, receipt });
    const repeat = await answer(pause, { choice: "no", text: "why", now: AT + 1 });
    assert.deepEqual(repeat, { kind: "before", pause: won.pause, woken: [] });
    for (const other of [{ choice: "yes", text: "why" }, { choice: "no" }]) {
      assert.deepEqual(await answer(pause, { ...other, now: AT + 2 }), repeat);
    }
    assert.deepEqual(await find(pause), won.pause);
    assert.equal((await events(endpoint)).length, 1);
    assert.deepEqual(await auditOf({ ask, answer, find, events, ...asking }, pause.id), [
      ["pause.created", "developer", { channel: null, keyId: tenant.actor.id }],
      ["pause.responded", "human", { choice: "no" }],
      ["pause.answer_refused", "human", { choice: "yes", status: "responded" }],
      ["pause.answer_refused", "human", { choice: "no", status: "responded" }],
    ]);
  });

  test("a cancelled pause stays cancelled, and an answer learns that", async () => {
    const { tenant, ask, answer, cancel: abandon, expire: late, audit } = await newAsking();
    const pause = await ask();
    const won = await abandon(pause, AT);
    assert(won.kind === "ended");
    assert.deepEqual(won.pause.ending, { status: "cancelled", at: AT });
    for (const result of [await abandon(pause, AT), await answer(pause), await late(pause)]) {
      assert.deepEqual(result, { kind: "before", pause: won.pause, woken: [] });
    }
    const rows = await audit({ pauseId: pause.id });
    assert.deepEqual(
      rows.map(({ type, actor, data }) => [type, actor, data]),
      [
        ["pause.created", "developer", { channel: null, keyId: tenant.actor.id }],
        ["pause.answer_refused", "human", { choice: "yes", status: "cancelled" }],
        ["pause.cancelled", "developer", { keyId: tenant.actor.id }],
      ],
    );
  });

  test("an unknown pause and another tenant's pause cannot be ended", async () => {
    const { ask, find } = await newAsking();
    const other = await world.newTenant();
    const pause = await ask();
    const foreign = await world.store.endPause({ id: pause.id, by: "developer", ...other.owner, now: START });
    assert.deepEqual(foreign, { kind: "unknown" });
    const missing = { id: world.newId(), now: START } as const;
    assert.deepEqual(await world.store.endPause({ ...missing, by: "deadline" }), { kind: "unknown" });
    assert.deepEqual(await world.store.endPause({ ...missing, by: "human", choice: "yes", text: null }), {
      kind: "unknown",
    });
    assert.deepEqual(await find(pause), pause);
  });

  async function assertOneEnding(asking: Awaited<ReturnType<typeof newAsking>>, endpoint: Endpoint, pause: Pause) {
    const { ending } = await asking.find(pause);
    const events = await asking.events(endpoint);
    const rows = await asking.audit({ pauseId: pause.id });
    const endings = rows.filter(({ type }) => ["pause.responded", "pause.timed_out", "pause.cancelled"].includes(type));
    assert.deepEqual(
      events.map(({ type }) => type),
      [`pause.${ending?.status}`],
    );
    assert.deepEqual(
      endings.map(({ type }) => type),
      [`pause.${ending?.status}`],
    );
  }

  test("answers, a cancellation and the deadline in one commit have one winner and one event", async () => {
    for (let first = 0; first < 4; first += 1) {
      const asking = await newAsking();
      const endpoint = await asking.tenant.endpoint();
      const pause = await asking.ask();
      const racers = [
        () => asking.answer(pause, { choice: "yes", now: AT }),
        () => asking.cancel(pause, AT),
        () => asking.answer(pause, { choice: "no", now: AT }),
        () => asking.expire(pause),
      ];
      const turned = [...racers.slice(first), ...racers.slice(0, first)];
      const results = await Promise.all(turned.map((race) => race()));
      assert.deepEqual(kinds(results), ["before", "before", "before", "ended"]);
      assert.equal(results[0]?.kind, "ended");
      await assertOneEnding(asking, endpoint, pause);
    }
  });

  test("answers and cancellations in one commit after another have one winner and one event", async () => {
    const asking = await newAsking();
    const endpoint = await asking.tenant.endpoint();
    const pause = await asking.ask();
    const results = [await asking.cancel(pause, AT), await asking.answer(pause), await asking.expire(pause)];
    await world.restart(START);
    results.push(await asking.cancel(pause, AT), await asking.answer(pause));
    assert.deepEqual(kinds(results), ["before", "before", "before", "before", "ended"]);
    await assertOneEnding(asking, endpoint, pause);
  });

  test("a bounded number of refused answers and openings is kept", async () => {
    const { ask, answer, openedBy, audit } = await newAsking();
    const pause = await ask();
    await answer(pause, { choice: "no", now: AT });
    for (let count = 0; count < 25; count += 1) {
      await answer(pause, { choice: "yes", now: AT });
      await openedBy(pause, count === 0 ? "Scanner/1.0" : null, AT);
    }
    assert.equal((await audit({ pauseId: pause.id, type: "pause.answer_refused" })).length, 20);
    const openings = await audit({ pauseId: pause.id, type: "pause.opened" });
    assert.equal(openings.length, 20);
    assert.deepEqual(openings[0]?.data, { method: "GET", user_agent: "Scanner/1.0" });
    assert.deepEqual([openings[1]?.data, openings[1]?.actor], [{ method: "GET", user_agent: null }, "human"]);
    await world.store.recordOpening({ pauseId: world.newId(), method: "HEAD", userAgent: null, now: AT });
  });

  test("an ending is held for a paused endpoint, and not delivered to a disabled one", async () => {
    const { tenant, ask, answer, events } = await newAsking();
    const [paused, disabled] = [await tenant.endpoint(), await tenant.endpoint()];
    await tenant.patch(paused, { status: "PAUSED" }, START);
    await tenant.patch(disabled, { status: "DISABLED" }, START);
    const result = await answer(await ask());
    assert(result.kind === "ended");
    assert.deepEqual(result.woken, []);
    assert.deepEqual([(await events(paused)).length, (await events(disabled)).length], [1, 0]);
    await tenant.patch(paused, { status: "ACTIVE" }, START);
    assert.equal((await tenant.claim(paused, START)).length, 1);
  });
}

const AT = START + SECOND;
const expire = (on: ReturnType<typeof createAsking>, pause: Pause) => on.expire(pause, pause.expiresAt + HOUR);
const cancel = (on: ReturnType<typeof createAsking>, pause: Pause) => on.cancel(pause, AT);
