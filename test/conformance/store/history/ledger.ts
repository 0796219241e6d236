import assert from "node:assert/strict";
import { test } from "node:test";
import { ANY_DELIVERY } from "../../../../src/domain/history/ledger.ts";
import { LEDGER_BEHIND_ROWS_MAX } from "../../../../src/domain/limits.ts";
import type { LedgerFilter, LedgerQuery } from "../../../../src/ports/store.ts";
import type { Tenancy } from "../access/tenancy.ts";
import { MINUTE, START } from "../delivery/times.ts";
import { exhausted, failed, succeeded } from "../delivery/verdicts.ts";
import { type OpenStore, useWorld, withWorld } from "../world.ts";

/** Before `START + MINUTE`, by less than the clocks of two nodes may differ. */
const EARLIER = START + MINUTE - 500;

type Changes = Partial<Omit<LedgerQuery, "filter">> & { readonly filter?: Partial<LedgerFilter> };

function query({ tenantSeq }: Tenancy, { filter, ...changes }: Changes = {}): LedgerQuery {
  return {
    filter: { ...ANY_DELIVERY, tenantSeq, ...filter },
    order: { by: "createdAt", direction: "asc" },
    offset: 0,
    limit: 100,
    asOf: null,
    now: START,
    ...changes,
  };
}

export function ledgerCases(open: OpenStore): void {
  const world = useWorld(open);
  const list = async (tenant: Tenancy, changes?: Changes) => world.store.listLedger(query(tenant, changes));

  test("the history shows publishes, attempts, cancellations and retries as soon as they are committed", async () => {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const [good, bad, again] = await tenant.leasedMany(endpoint, 3);
    const waiting = await tenant.waiting(endpoint);
    assert(good && bad && again);
    await tenant.settle(good, succeeded, { at: START + MINUTE });
    await tenant.settle(bad, exhausted, { at: START + MINUTE });
    await tenant.settle(again, failed(START + 2 * MINUTE), { at: START + MINUTE });
    await world.store.cancel(tenant.ofDelivery(waiting.id, START + MINUTE));
    const statuses = async () => (await list(tenant)).rows.map(({ id, status }) => [id, status]);
    assert.deepEqual(await statuses(), [
      [good.id, "delivered"],
      [bad.id, "failed"],
      [again.id, "pending"],
      [waiting.id, "failed"],
    ]);
    await world.store.retry(tenant.ofDelivery(bad.id, START + 2 * MINUTE));
    assert.deepEqual((await statuses())[1], [bad.id, "pending"]);

    const [row] = (await list(tenant)).rows;
    assert.equal(row?.endpointId, endpoint.id);
    assert.equal(row?.deliveredAt, START + MINUTE);
    assert.equal(row?.lastAttempt?.classification, "success");
  });

  test("pages with the same `asOf` stay the same, whatever is committed later and whatever creation time it has", async () => {
    await withWorld(open, async (own) => {
      const tenant = await own.newTenant();
      const endpoint = await tenant.endpoint();
      for (let times = 0; times < 3; times += 1) await tenant.waiting(endpoint, { now: START + MINUTE });
      const first = await own.store.listLedger(query(tenant));
      await tenant.waiting(endpoint, { now: EARLIER });
      const frozen = query(tenant, { asOf: first.asOf });
      assert.deepEqual((await own.store.listLedger(frozen)).rows, first.rows);
      await own.restart(START + 2 * MINUTE);
      await tenant.waiting(endpoint, { now: EARLIER });
      const latest = Math.max(...first.rows.map(({ createdAt }) => createdAt));
      const all = (await own.store.listLedger(query(tenant))).rows;
      assert.equal(
        (await own.store.listLedger(frozen)).total,
        all.filter(({ createdAt }) => createdAt <= latest).length,
        "everything up to that creation time, which on one node two groups may have in common",
      );
      const second = await own.store.listLedger(query(tenant));
      await own.restart(START + 2 * MINUTE);
      await tenant.waiting(endpoint, { now: EARLIER });
      assert.deepEqual(await own.store.listLedger(query(tenant, { asOf: second.asOf })), second);
    });
  });

  test("a long history survives a restart, and the new process reads the prepared part of it", async () => {
    await withWorld(open, async (own) => {
      const tenant = await own.newTenant();
      const endpoints = await Promise.all(Array.from({ length: 100 }, () => tenant.endpoint()));
      const events = Math.ceil(LEDGER_BEHIND_ROWS_MAX / endpoints.length) + 1;
      await Promise.all(Array.from({ length: events }, () => tenant.publish(endpoints, { lease: false })));
      const total = events * endpoints.length;
      await own.store.keepLedger(true);
      const last = async () => {
        const page = await own.store.listLedger(query(tenant, { offset: total - 50 }));
        return { ids: page.rows.map(({ id }) => id), total: page.total };
      };
      const before = await last();
      assert.equal(before.total, total);
      assert.equal(before.ids.length, 50);
      await own.restart(START + MINUTE);
      assert.deepEqual(await last(), before);
    });
  });

  test("an export resumes at its cursor, and shows no other tenant's history", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const endpoint = await tenant.endpoint();
    const made = await tenant.leasedMany(endpoint, 5);
    await other.leasedMany(await other.endpoint(), 5);
    const { filter } = query(tenant);
    const first = await world.store.readLedger(filter, null, 3);
    assert(first.next !== null);
    const second = await world.store.readLedger(filter, first.next, 3);
    assert.deepEqual(
      [...first.rows, ...second.rows].map(({ id }) => id),
      made.map(({ id }) => id),
    );
    assert.equal(second.next, null);
    assert.equal((await list(tenant, { filter: { endpointIds: [endpoint.id] } })).total, 5);
    assert.equal((await list(other, { filter: { endpointIds: [endpoint.id] } })).total, 0);
  });
}
