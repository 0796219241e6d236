import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchesFilters } from "../../../../src/domain/delivery/event.ts";
import { destinationOf, type EndpointStatus, type MatchedEndpoint } from "../../../../src/domain/endpoints/endpoint.ts";
import { EVENT_TARGETS_MAX } from "../../../../src/domain/limits.ts";
import { START } from "../delivery/times.ts";
import { type OpenStore, useWorld } from "../world.ts";

/** Few letters, so that types and filters often match. */
const type = fc.string({ unit: fc.constantFrom("a", "b", "."), minLength: 1, maxLength: 6 });
const filter = fc.oneof(
  type,
  type.map((text) => `${text}.*`),
);
const filters = fc.option(fc.array(filter, { maxLength: 5 }), { nil: null });
const status = fc.constantFrom<EndpointStatus>("ACTIVE", "PAUSED", "DISABLED");
const life = fc.record({ before: filters, now: filters, status, isDeleted: fc.boolean() });

export function matchingCases(open: OpenStore): void {
  const world = useWorld(open);

  test("an event goes to the endpoints whose current filters accept it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { maxLength: 8 }), fc.array(type, { minLength: 1, maxLength: 4 }), check),
      { numRuns: 60 },
    );

    async function check(lives: readonly Life[], types: readonly string[]): Promise<void> {
      const tenant = await world.newTenant();
      // Endpoints at once, so that a few commits suffice. The store carries out what it is asked in order.
      const all = await Promise.all(lives.map(({ before }) => tenant.endpoint({ eventTypes: before })));
      const lived = lives.map(async ({ now, status: becomes, isDeleted }, index) => {
        const made = all[index] ?? assert.fail();
        await tenant.patch(made, { settings: { eventTypes: now } }, START);
        const { endpoint } = await tenant.patch(made, { status: becomes }, START);
        if (isDeleted) await tenant.remove(made, START);
        return isDeleted || becomes === "DISABLED" ? [] : [{ endpoint: matched(endpoint), filters: now }];
      });
      const live = (await Promise.all(lived)).flat();
      const { found } = await world.store.matchTypes(tenant.tenantSeq, types);
      const expected = types.map((name) => live.filter((each) => matchesFilters(each.filters, name)));
      assert.deepEqual(
        found,
        expected.map((each) => ({ count: each.length, endpoints: each.map(({ endpoint }) => endpoint) })),
      );
    }
  });

  test("when more endpoints match than an event may go to, they are counted but not listed", async () => {
    const tenant = await world.newTenant();
    const tooMany = Array.from({ length: EVENT_TARGETS_MAX + 1 }, () => tenant.endpoint({ eventTypes: ["order.*"] }));
    await Promise.all(tooMany);
    const last = await tenant.endpoint({ eventTypes: ["invoice.paid"] });
    const types = ["order.paid", "invoice.paid", "order"];
    const { found } = await world.store.matchTypes(tenant.tenantSeq, types);
    assert.deepEqual(found, [
      { count: EVENT_TARGETS_MAX + 1, endpoints: [] },
      { count: 1, endpoints: [matched(last)] },
      { count: 0, endpoints: [] },
    ]);
  });

  test("types with too many endpoints for one read are left for the next read", async () => {
    const tenant = await world.newTenant();
    await Promise.all(Array.from({ length: 600 }, () => tenant.endpoint()));
    const { found } = await world.store.matchTypes(tenant.tenantSeq, ["one", "two", "three"]);
    assert.deepEqual(
      found.map(({ count, endpoints }) => [count, endpoints.length]),
      [[600, 600]],
    );
  });

  test("endpoints are found by id in every status, unless they are deleted or belong to another tenant", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const [disabled, deleted, foreign] = [await tenant.endpoint(), await tenant.endpoint(), await other.endpoint()];
    const { endpoint } = await tenant.patch(disabled, { status: "DISABLED" }, START);
    await tenant.remove(deleted, START);
    const ids = [foreign.id, deleted.id, disabled.id, world.newId()];
    const { version, found } = await world.store.findEndpoints(tenant.tenantSeq, ids);
    assert.deepEqual(found, [matched(endpoint)]);
    assert.equal(version, (await world.store.matchTypes(tenant.tenantSeq, [])).version);
  });

  test("a destination contains the endpoint's secrets and headers, but not its filters", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint({ headers: { "x-shop": "seven" }, eventTypes: ["order.*"] });
    const { found } = await world.store.loadDestinations(tenant.tenantSeq, [endpoint.seq]);
    assert.deepEqual(found, [destinationOf(endpoint)]);
  });
}

interface Life {
  readonly before: readonly string[] | null;
  readonly now: readonly string[] | null;
  readonly status: EndpointStatus;
  readonly isDeleted: boolean;
}

function matched({ seq, id, status: current, format, ordered }: MatchedEndpoint): MatchedEndpoint {
  return { seq, id, status: current, format, ordered };
}
