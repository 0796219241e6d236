import assert from "node:assert/strict";
import { test } from "node:test";
import { openStore, START } from "../../../test/fixtures/sqlite-writing.ts";
import type { Uuid } from "../../domain/ids.ts";
import { DESTINATIONS_PER_READ_COUNT_MAX } from "../../domain/limits.ts";
import { findEndpoints, matchTypes } from "../../store/endpoints/endpoint-filters.ts";
import { loadDestinations } from "../../store/endpoints/endpoint-views.ts";
import { patchEndpoint } from "../../store/endpoints/endpoints.ts";
import { Matching, type MatchingLimits } from "./matching.ts";

/** A real store, and the reads that were made from it. */
function open(limits?: MatchingLimits) {
  const scene = openStore();
  const { w } = scene;
  const reads: string[] = [];
  const matching = new Matching(
    {
      matchTypes(...args) {
        reads.push("matchTypes");
        return Promise.resolve(matchTypes(w, ...args));
      },
      findEndpoints(...args) {
        reads.push("findEndpoints");
        return Promise.resolve(findEndpoints(w, ...args));
      },
      loadDestinations(...args) {
        reads.push("loadDestinations");
        return Promise.resolve(loadDestinations(w, ...args));
      },
    },
    limits,
  );
  const { tenantSeq, actor } = scene;
  const change = (id: Uuid, name: string) =>
    scene.run(() => patchEndpoint(w, { actor, tenantSeq, id, settings: { name }, now: START }));
  const find = (type: string, endpointIds: readonly Uuid[] | null = null, seq = tenantSeq) =>
    matching.find(seq, { type, endpointIds });
  return { ...scene, matching, reads, change, find };
}

const LARGE = { headers: { "x-large": "h".repeat(4000) } };

test("the first event of a type reads its endpoints and their destinations, and later events read nothing", async () => {
  const { endpoint, find, reads } = open();
  const [one, other] = [endpoint({ eventTypes: ["order.*"] }), endpoint({ eventTypes: ["invoice.*"] })];
  const found = await find("order.paid");
  assert.deepEqual(
    found.endpoints.map(({ id, destination }) => [id, destination?.url]),
    [[one.id, one.url]],
  );
  assert.equal(find("order.paid"), found);
  assert.deepEqual(reads, ["matchTypes", "loadDestinations"]);
  await find("invoice.paid");
  const named = find("", [other.id, one.id]);
  assert.ok(!(named instanceof Promise));
  assert.deepEqual(
    named.endpoints.map(({ id }) => id),
    [other.id, one.id],
  );
  assert.equal(reads.length, 4);
});

test("publishes of one tenant keep their order during a lookup, and other tenants do not wait", async () => {
  const { endpoint, find, tenant } = open();
  const other = tenant().tenantSeq;
  endpoint();
  await find("known");
  await find("known", null, other);
  const order: string[] = [];
  const waiting = ["new", "known", "newer", "known"].map(async (type, index) => {
    const found = find(type);
    assert.ok(found instanceof Promise);
    await found;
    order.push(`${index} ${type}`);
  });
  assert.ok(!(find("known", null, other) instanceof Promise));
  await Promise.all(waiting);
  assert.deepEqual(order, ["0 new", "1 known", "2 newer", "3 known"]);
});

test("types that wait at the same time are looked up in one read", async () => {
  const { endpoint, find, reads } = open();
  endpoint({ eventTypes: ["a.*"] });
  const types = Array.from({ length: 30 }, (_, index) => `${index % 2 === 0 ? "a" : "b"}.${index}`);
  const found = await Promise.all(types.map((type) => find(type)));
  assert.deepEqual(
    found.map(({ count }) => count),
    types.map((_, index) => 1 - (index % 2)),
  );
  // The first lookup starts before the other types arrive.
  assert.deepEqual(reads, ["matchTypes", "loadDestinations", "matchTypes"]);
});

test("a lookup during which an endpoint changes is not cached", async () => {
  const { endpoint, find, matching, tenantSeq } = open();
  endpoint();
  const early = find("order.paid");
  matching.changed(tenantSeq);
  await early;
  assert.ok(find("order.paid") instanceof Promise);
  await find("order.paid");
  assert.ok(!(find("order.paid") instanceof Promise));
});

test("a change replaces the whole cached version, and an outdated publish does not drop a newer version", async () => {
  const { endpoint, change, find, matching, tenantSeq } = open();
  const [one, other] = [endpoint(), endpoint()];
  const before = await find("a");
  await find("b");
  change(one.id, "renamed elsewhere");
  matching.outdated(tenantSeq, before.version);
  const named = await find("", [one.id, other.id]);
  assert.deepEqual(
    named.endpoints.map(({ destination }) => destination?.name),
    ["renamed elsewhere", "Endpoint"],
  );
  assert.ok(find("a") instanceof Promise);
  const after = await find("a");
  assert.ok(after.version > before.version);
  matching.outdated(tenantSeq, before.version);
  assert.equal(find("a"), after);
});

test("unknown endpoint ids are reported, even when the cache has an older version", async () => {
  const { endpoint, change, find, newId } = open();
  const one = endpoint();
  await find("a");
  change(one.id, "changed elsewhere");
  const unknown = newId();
  const found = await find("", [one.id, unknown]);
  assert.deepEqual([found.endpoints.map(({ id }) => id), found.unknown], [[one.id], [unknown]]);
});

test("destinations of many endpoints are read in steps, and those of PAUSED endpoints are not read", async () => {
  const { endpoint, find, reads, run, w } = open();
  const made = Array.from({ length: DESTINATIONS_PER_READ_COUNT_MAX + 20 }, () => endpoint());
  run(() => w.db.exec(`UPDATE endpoints SET status = 'PAUSED' WHERE seq = ${made[0]?.seq}`));
  const found = await find("a");
  const readSoFar = () => found.endpoints.filter(({ destination }) => destination !== null).length;
  assert.equal(readSoFar(), DESTINATIONS_PER_READ_COUNT_MAX);
  assert.equal(find("a"), found);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(readSoFar(), made.length - 1);
  find("a");
  assert.deepEqual(reads, ["matchTypes", "loadDestinations", "loadDestinations"]);
});

test("a tenant that exceeds its share of the cache still matches, and takes nothing from other tenants", async () => {
  const { endpoint, find, tenant, reads } = open({ bytesMax: 10_000_000, bytesPerTenantMax: 600_000 });
  const other = tenant();
  endpoint({}, { actor: other });
  await find("a", null, other.tenantSeq);
  const made = Array.from({ length: 2 * DESTINATIONS_PER_READ_COUNT_MAX }, () => endpoint(LARGE));
  const found = await find("a");
  assert.equal(found.endpoints.length, made.length);
  // The destinations take more than half of the share, so no more of them are read.
  for (let again = 0; again < 3; again += 1) assert.equal(find("a"), found);
  assert.equal(reads.filter((read) => read === "loadDestinations").length, 2);
  // The types take the rest of the share; then the tenant starts with an empty cache.
  let types = 0;
  while (!(find("a") instanceof Promise)) {
    types += 1;
    assert.equal((await find(`b.${types}`)).endpoints.length, made.length);
  }
  assert.ok(types > 10 && types < 100, `${types} types`);
  assert.equal((await find("a")).endpoints.length, made.length);
  const before = reads.length;
  assert.ok(!(find("a", null, other.tenantSeq) instanceof Promise));
  assert.equal(reads.length, before);
});

test("an endpoint whose secret cannot be decrypted delays no other endpoint, and is not read again", async () => {
  const { endpoint, find, run, w, reads } = open();
  const [broken, good] = [endpoint(), endpoint()];
  run(() => w.db.exec(`UPDATE endpoints SET secret_sealed = zeroblob(60) WHERE seq = ${broken.seq}`));
  const found = await find("a");
  assert.deepEqual(
    found.endpoints.map(({ destination }) => destination?.id ?? null),
    [null, good.id],
  );
  find("a");
  assert.deepEqual(reads, ["matchTypes", "loadDestinations"]);
});
