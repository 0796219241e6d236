import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointDefaults } from "../../../../src/domain/endpoints/endpoint.ts";
import { endpointDetails } from "../../../../src/domain/pauses/act.ts";
import type { Cursor, EndpointFilter, EndpointPage } from "../../../../src/ports/store.ts";
import { HOUR, MINUTE, START } from "../delivery/times.ts";
import { exhausted, failed, succeeded, throttled } from "../delivery/verdicts.ts";
import { type OpenStore, useWorld } from "../world.ts";

const SETTINGS = {
  name: "Bücher 📚",
  url: "https://example.com/hook?a=1",
  description: "what it is for",
  eventTypes: ["order.*", "invoice.paid"],
  format: "pacspace",
  headers: { "x-shop": "seven", "x-other": "a\tb" },
  timeoutSeconds: 7,
  retryScheduleSeconds: [1, 2, 172_800],
  rateLimitPerSecond: 25,
  maxInFlight: 9,
  ordered: true,
} as const;

const NO_MATCH = { count: 0, endpoints: [] };

export function endpointCases(open: OpenStore): void {
  const world = useWorld(open);

  test("an endpoint is stored with all its settings", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint(SETTINGS, START + 5);
    assert.deepEqual(endpoint, {
      ...SETTINGS,
      id: endpoint.id,
      seq: endpoint.seq,
      tenantId: tenant.actor.tenantId,
      tenantSeq: tenant.tenantSeq,
      createdThrough: "endpoints",
      transport: "http",
      status: "ACTIVE",
      pausedAt: null,
      disabledReason: null,
      generation: endpoint.generation,
      secrets: { current: "whsec_0123456789abcdef", previous: null },
      createdAt: START + 5,
      updatedAt: START + 5,
    });
    const expected = {
      endpoint,
      waiting: { count: 0, more: false },
      leased: 0,
      lastAttemptAt: null,
      successCount: 0,
      failureCount: 0,
      lastSuccessAt: null,
      lastFailure: null,
      health: { failureStreak: 0, streakSinceActiveMs: null, restUntil: null, restMs: 0 },
      failingSince: null,
      waitUntil: null,
      oldestAt: null,
      heldBytes: 0,
      listener: null,
    };
    assert.deepEqual(await tenant.view(endpoint), expected);
    await world.restart(START);
    assert.deepEqual(await tenant.view(endpoint), expected);
  });

  test("a repeated create request creates one endpoint", async () => {
    const tenant = await world.newTenant();
    const request = {
      actor: tenant.actor,
      tenantSeq: tenant.tenantSeq,
      id: world.newId(),
      settings: { ...endpointDefaults("endpoints"), name: "One", url: "https://example.com/" },
      secret: "whsec_0123456789abcdef",
      createdThrough: "endpoints",
      now: START,
    } as const;
    const first = await world.store.createEndpoint(request);
    assert.deepEqual(await world.store.createEndpoint(request), first);
    assert.equal((await world.store.listEndpoints(tenant.tenantSeq, null, 10)).views.length, 1);
  });

  test("a patch changes only the fields it contains, all at once", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint(SETTINGS);
    const settings = { description: null, eventTypes: null, headers: {}, rateLimitPerSecond: null };
    const { endpoint: patched } = await tenant.patch(endpoint, { settings, status: "PAUSED" }, START + 9);
    assert.deepEqual(patched, {
      ...endpoint,
      ...settings,
      status: "PAUSED",
      pausedAt: START + 9,
      generation: patched.generation,
      updatedAt: START + 9,
    });
    assert.deepEqual((await tenant.view(endpoint)).endpoint, patched);
  });

  test("pausing a paused endpoint keeps `pausedAt`, and other endpoints have none", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const statuses = [
      ["PAUSED", 1],
      ["PAUSED", 2],
      ["DISABLED", 3],
      ["PAUSED", 4],
      ["ACTIVE", 5],
    ] as const;
    const seen = [];
    for (const [status, at] of statuses) {
      const { endpoint: patched, lane } = await tenant.patch(endpoint, { status }, START + at);
      seen.push([patched.status, patched.pausedAt, patched.disabledReason, lane.held, lane.heldMs]);
    }
    assert.deepEqual(seen, [
      ["PAUSED", START + 1, null, true, 0],
      ["PAUSED", START + 1, null, true, 0],
      ["DISABLED", null, "manual", true, 0],
      ["PAUSED", START + 4, null, true, 0],
      ["ACTIVE", null, null, false, 4],
    ]);
  });

  test("a toggle switches between ACTIVE and DISABLED, and makes a paused endpoint ACTIVE", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const toggle = async () => (await tenant.patch(endpoint, { status: "toggle" }, START)).endpoint.status;
    assert.deepEqual([await toggle(), await toggle()], ["DISABLED", "ACTIVE"]);
    await tenant.patch(endpoint, { status: "PAUSED" }, START);
    assert.equal(await toggle(), "ACTIVE");
    const twice = await Promise.all([toggle(), toggle()]);
    assert.deepEqual(twice.toSorted(), ["ACTIVE", "DISABLED"]);
  });

  test("the previous secret stays valid for the overlap, or ends at once without one", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const rotate = async (value: string, previousUntil: number | null) =>
      (await tenant.patch(endpoint, { secret: { value, previousUntil } }, START)).endpoint.secrets;
    assert.deepEqual(await rotate("second secret here", START + HOUR), {
      current: "second secret here",
      previous: { secret: "whsec_0123456789abcdef", expiresAt: START + HOUR },
    });
    assert.deepEqual(await rotate("third secret here!", START + HOUR), {
      current: "third secret here!",
      previous: { secret: "second secret here", expiresAt: START + HOUR },
    });
    assert.deepEqual(await rotate("fourth secret here", null), { current: "fourth secret here", previous: null });
    const { found } = await world.store.loadDestinations(tenant.tenantSeq, [endpoint.seq]);
    assert.equal(found[0]?.secrets.current, "fourth secret here");
  });

  test("every change raises the version that publishes are compared with, and reads do not", async () => {
    const tenant = await world.newTenant();
    const version = async () => (await world.store.matchTypes(tenant.tenantSeq, [])).version;
    const versions = [await version()];
    const endpoint = await tenant.endpoint();
    versions.push(await version());
    await tenant.patch(endpoint, { settings: { name: "Other" } }, START);
    versions.push(await version());
    await tenant.remove(endpoint, START);
    versions.push(await version());
    assert.deepEqual(
      versions,
      [...new Set(versions)].toSorted((a, b) => a - b),
    );
    assert.equal(await version(), versions.at(-1));
  });

  test("every change raises the revision of the lane, so that other nodes read the endpoint again", async () => {
    const tenant = await world.newTenant();
    const { id } = await tenant.endpoint();
    const revisions: number[] = [];
    for (const change of [
      { status: "PAUSED" },
      { settings: { maxInFlight: 2 } },
      { settings: { name: "x" } },
    ] as const) {
      const patched = await world.store.patchEndpoint({ ...tenant.owner, id, ...change, now: START });
      revisions.push(patched?.lane.revision ?? assert.fail());
    }
    assert.equal(new Set(revisions).size, revisions.length);
  });

  test("an endpoint that is not as a person saw it is left alone", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ name: "Billing", url: "https://shop.example/hook?token=1" });
    const patch = { ...tenant.owner, id: endpoint.id, now: START };
    const shown = endpointDetails(endpoint);
    const act = { ...patch, status: "PAUSED", shown } as const;
    const recover = () =>
      world.store.startRecover({
        ...tenant.owner,
        endpointId: endpoint.id,
        jobId: world.newId(),
        since: 0,
        shown,
        now: START,
      });
    for (const [settings, status] of [
      [{ name: "Payroll" }, "ACTIVE"],
      [{ url: "https://other.example/" }, "ACTIVE"],
      [{}, "DISABLED"],
    ] as const) {
      await world.store.patchEndpoint({ ...patch, settings, status });
      assert.deepEqual([await world.store.patchEndpoint(act), await recover()], [null, null]);
      const view = await world.store.getEndpoint(tenant.tenantSeq, endpoint.id);
      assert.equal(view?.endpoint.status, status);
      await world.store.patchEndpoint({
        ...patch,
        settings: { name: endpoint.name, url: endpoint.url },
        status: "ACTIVE",
      });
    }
    assert.notEqual(await recover(), null);
    assert.equal((await world.store.patchEndpoint(act))?.endpoint.status, "PAUSED");
  });

  test("a deleted endpoint is not found, and its history keeps its name", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ name: "Old shop" });
    const done = await tenant.leased(endpoint);
    await tenant.settle(done, succeeded);
    const waiting = await tenant.waiting(endpoint);
    await tenant.remove(endpoint, START + 7);
    assert.equal(await world.store.getEndpoint(tenant.tenantSeq, endpoint.id), null);
    const gone = { actor: tenant.actor, tenantSeq: tenant.tenantSeq, id: endpoint.id, now: START };
    assert.equal(await world.store.patchEndpoint({ ...gone, status: "ACTIVE" }), null);
    assert.equal(await world.store.deleteEndpoint(gone), null);
    assert.deepEqual((await world.store.matchTypes(tenant.tenantSeq, ["order.paid"])).found, [NO_MATCH]);
    assert.deepEqual((await world.store.findEndpoints(tenant.tenantSeq, [endpoint.id])).found, []);
    assert.deepEqual((await world.store.listEndpoints(tenant.tenantSeq, null, 10)).views, []);
    assert.equal((await tenant.row(done.id)).endpointName, "Old shop");
    const row = await tenant.row(waiting.id);
    assert.deepEqual(
      [row.state, row.reason, row.endedAt, row.nextAttemptAt, row.endpointId],
      ["CANCELLED", "endpoint_deleted", START + 7, null, endpoint.id],
    );
  });

  test("deleting an endpoint erases its secret and headers", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ headers: { "x-secret": "value" } });
    await tenant.remove(endpoint, START);
    const claimed = await tenant.claimLane(endpoint, START);
    assert.deepEqual(claimed.endpoint.headers, {});
    assert.deepEqual(claimed.endpoint.secrets, { current: "", previous: null });
  });

  test("a tenant can neither see nor change another tenant's endpoint", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const endpoint = await tenant.endpoint();
    const theirs = { actor: other.actor, tenantSeq: other.tenantSeq, id: endpoint.id, now: START };
    assert.equal(await world.store.getEndpoint(other.tenantSeq, endpoint.id), null);
    assert.equal(await world.store.patchEndpoint({ ...theirs, status: "PAUSED" }), null);
    assert.equal(await world.store.deleteEndpoint(theirs), null);
    assert.deepEqual((await world.store.matchTypes(other.tenantSeq, ["order.paid"])).found, [NO_MATCH]);
    assert.deepEqual((await world.store.findEndpoints(other.tenantSeq, [endpoint.id])).found, []);
    assert.deepEqual((await world.store.loadDestinations(other.tenantSeq, [endpoint.seq])).found, []);
    assert.deepEqual((await tenant.view(endpoint)).endpoint, endpoint);
  });

  test("the pages of the list contain every endpoint once, in creation order", async () => {
    const tenant = await world.newTenant();
    const made = [];
    for (let index = 0; index < 7; index += 1) made.push(await tenant.endpoint({ name: `E${index}` }));
    const deleted = made[3] ?? assert.fail();
    await tenant.remove(deleted, START);
    const ids = made.filter((endpoint) => endpoint !== deleted).map(({ id }) => id);
    for (const limit of [1, 2, 3, 6, 10]) {
      const seen: string[] = [];
      let cursor: Cursor | null = null;
      do {
        const page: EndpointPage = await world.store.listEndpoints(tenant.tenantSeq, cursor, limit);
        assert(page.views.length <= limit);
        seen.push(...page.views.map(({ endpoint }) => endpoint.id));
        cursor = page.next;
      } while (cursor !== null);
      assert.deepEqual(seen, ids);
    }
  });

  test("endpoints are found and counted by their state, and found by name, URL and event type", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const failing = await tenant.endpoint({ name: "Failing", eventTypes: ["order.*"] });
    const healthy = await tenant.endpoint({ name: "Ünwell", url: "http://127.0.0.1:9/Orders" });
    const paused = await tenant.endpoint({ name: "Paused orders", eventTypes: ["invoice.paid"] });
    const throttling = await tenant.endpoint({ name: "Busy" });
    const ordered = await tenant.endpoint({ name: "In order", eventTypes: ["refund.*"], ordered: true });
    await other.endpoint({ name: "Failing" });
    await tenant.settle(await tenant.leased(failing), failed(START + HOUR), { at: START });
    await tenant.settle(await tenant.leased(throttling), throttled(START + HOUR), { at: START });
    await tenant.settle(await tenant.leased(ordered), failed(START + HOUR), { at: START });
    await tenant.patch(paused, { status: "PAUSED" }, START);
    const states = async (now: number) => world.store.countEndpointStates(tenant.tenantSeq, now);
    const none = {
      healthy: 0,
      failing: 0,
      resting: 0,
      probing: 0,
      throttled: 0,
      paused: 0,
      disabled: 0,
      no_listener: 0,
    };
    assert.deepEqual(await states(START + 1), { ...none, healthy: 1, failing: 2, throttled: 1, paused: 1 });
    assert.deepEqual(await states(START + HOUR), { ...none, healthy: 1, failing: 3, paused: 1 });
    const found = async (filter: Partial<EndpointFilter>, limit = 10) => {
      const whole = { states: null, text: null, eventType: null, now: START + 1 };
      const page = await world.store.listEndpoints(tenant.tenantSeq, null, limit, { ...whole, ...filter });
      return page.views.map(({ endpoint }) => endpoint.id);
    };
    assert.deepEqual(await found({ states: ["failing", "paused"] }), [failing.id, paused.id, ordered.id]);
    assert.deepEqual(await found({ states: ["throttled"] }), [throttling.id]);
    assert.deepEqual(await found({ states: ["resting"] }), []);
    assert.deepEqual(await found({ text: "ORDERS" }), [healthy.id, paused.id]);
    assert.deepEqual(await found({ text: "ünw" }), [healthy.id]);
    assert.deepEqual(await found({ eventType: "order.paid" }), [failing.id, healthy.id, throttling.id]);
    assert.deepEqual(await found({ states: ["failing", "paused"] }, 1), [failing.id]);
    const first = { states: ["failing", "paused"], text: null, eventType: null, now: START + 1 } as const;
    const { next } = await world.store.listEndpoints(tenant.tenantSeq, null, 1, first);
    const rest = await world.store.listEndpoints(tenant.tenantSeq, next, 2, first);
    assert.deepEqual([rest.views.map(({ endpoint }) => endpoint.id), rest.next], [[paused.id, ordered.id], null]);
  });

  test("a page can be read by its offset, and its total does not count deleted endpoints", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const made = [];
    for (let index = 0; index < 5; index += 1) made.push(await tenant.endpoint());
    await other.endpoint();
    const [deleted, ...left] = made;
    await tenant.remove(deleted ?? assert.fail(), START);
    const page = async (offset: number, limit: number) => {
      const { views, total } = await world.store.listEndpointsFrom(tenant.tenantSeq, offset, limit);
      assert.equal(total, left.length);
      return views.map(({ endpoint }) => endpoint.id);
    };
    const ids = left.map(({ id }) => id);
    assert.deepEqual(await page(0, 10), ids);
    assert.deepEqual([await page(0, 3), await page(3, 3)], [ids.slice(0, 3), ids.slice(3)]);
    for (const offset of [4, 5, 10_000]) assert.deepEqual(await page(offset, 10), []);
  });

  test("a view counts the deliveries that have not ended and the attempts since creation", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const [ok, bad, retried] = await tenant.leasedMany(endpoint, 5);
    assert(ok !== undefined && bad !== undefined && retried !== undefined);
    await tenant.settle(ok, succeeded, { at: START + 3 });
    await tenant.settle(bad, exhausted, { at: START + 4, tookMs: 3 });
    await tenant.settle(retried, failed(START + MINUTE), { at: START + 9, tookMs: 2 });
    const waiting = (await tenant.all()).find(({ id }) => id === retried.id);
    const expected = {
      waiting: { count: 3, more: false },
      leased: 2,
      lastAttemptAt: START + 7,
      successCount: 1,
      failureCount: 2,
      lastSuccessAt: START + 3,
      lastFailure: { at: START + 9, classification: "http_status", httpStatus: 500, errorDetail: null },
      health: { failureStreak: 2, streakSinceActiveMs: START + 4, restUntil: null, restMs: 0 },
      failingSince: START + 4,
      waitUntil: null,
      oldestAt: waiting?.createdAt,
      heldBytes: 0,
      listener: null,
    };
    const { endpoint: _, ...counts } = await tenant.view(endpoint);
    assert.deepEqual(counts, expected);
    const { views } = await world.store.listEndpoints(tenant.tenantSeq, null, 10);
    assert.deepEqual(views[0], await tenant.view(endpoint));
    await tenant.patch(endpoint, { status: "PAUSED" }, START + 10);
    assert.deepEqual((await tenant.view(endpoint)).waiting, { count: 3, more: false });
  });

  test("a Retry-After survives a pause of the endpoint, but not a change of its URL", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const until = START + HOUR;
    await tenant.settle(await tenant.leased(endpoint), throttled(until));
    await tenant.patch(endpoint, { status: "PAUSED" }, START + 1);
    const resumed = await tenant.patch(endpoint, { status: "ACTIVE" }, START + 2);
    assert.equal(resumed.lane.waitUntil, until);
    assert.equal(resumed.lane.readyAt, until);
    const moved = await tenant.patch(endpoint, { settings: { url: "https://example.org/" } }, START + 3);
    assert.equal(moved.lane.waitUntil, null);
  });
}
