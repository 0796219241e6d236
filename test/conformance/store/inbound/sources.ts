import assert from "node:assert/strict";
import { test } from "node:test";
import type { Source, SourceSettings } from "../../../../src/domain/inbound/source.ts";
import type { PatchSource } from "../../../../src/ports/store.ts";
import { createSourceOf, SOURCE_SECRET, SOURCE_SETTINGS } from "../../../fixtures/inbound.ts";
import type { Tenancy } from "../access/tenancy.ts";
import { DAY, HOUR, START } from "../delivery/times.ts";
import { type OpenStore, useWorld, type World, withWorld } from "../world.ts";

const HMAC = {
  scheme: "hmac",
  eventType: { place: { from: "header", name: "x-topic" }, prefix: "shop.", fallback: "shop.other" },
  hmac: {
    header: "x-signature",
    algorithm: "sha512",
    encoding: "base64",
    prefix: "v1=",
    timestampHeader: "x-time",
    toleranceSeconds: 60,
    template: "{timestamp}.{body}",
    deliveryId: { from: "pointer", pointer: "/id" },
  },
} as const satisfies Partial<SourceSettings>;

/** Source names are unique in an installation, and many cases share a store. */
let names = 0;
const newName = () => {
  names += 1;
  return `source ${names}`;
};

async function make(world: World, { actor }: Tenancy, settings: Partial<SourceSettings> = {}): Promise<Source> {
  const request = createSourceOf({ newId: world.newId, now: START }, actor, { name: newName(), ...settings });
  const created = await world.store.createSource(request);
  assert(created.kind === "created");
  return created.source;
}

export function sourceCases(open: OpenStore): void {
  const world = useWorld(open);

  const patch = async ({ owner }: Tenancy, { id }: Source, change: Partial<PatchSource>) => {
    const result = await world.store.patchSource({ ...owner, id, settings: {}, now: START + 1, ...change });
    assert(result.kind === "patched");
    return result.source;
  };
  const audited = async ({ tenantSeq }: Tenancy) => {
    const filter = { tenantSeq, pauseId: null, type: null, from: null, to: null };
    const { rows } = await world.store.listAudit(filter, 0, 100);
    return rows
      .filter(({ type }) => type.startsWith("source."))
      .map(({ type, actor, data, createdAt }) => [type, actor, data, createdAt])
      .toReversed();
  };

  test("a source is stored with all its settings", async () => {
    const tenant = await world.newTenant();
    const source = await make(world, tenant, { name: "Läden 📚", ...HMAC });
    assert.deepEqual(source, {
      ...SOURCE_SETTINGS,
      ...HMAC,
      name: "Läden 📚",
      seq: source.seq,
      id: source.id,
      tenantSeq: tenant.tenantSeq,
      tenantId: tenant.actor.tenantId,
      secret: SOURCE_SECRET,
      previousSecret: null,
      createdAt: START,
      updatedAt: START,
    });
    const open_ = await make(world, tenant, { scheme: "none" });
    assert.equal(open_.secret, null);
    await world.restart(START);
    assert.deepEqual(await world.store.getSource(tenant.tenantSeq, source.id), source);
    assert.deepEqual(await world.store.findSource({ id: source.id }), source);
    assert.deepEqual(await world.store.findSource({ name: source.name }), source);
    assert.deepEqual(await world.store.findSource({ name: open_.name }), open_);
  });

  test("a source is read only by its own tenant, but found for every request it sends", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const source = await make(world, tenant);
    assert.equal(await world.store.getSource(other.tenantSeq, source.id), null);
    assert.deepEqual((await world.store.listSources(other.tenantSeq, null, 10)).sources, []);
    const foreign = { ...other.owner, id: source.id, now: START };
    assert.deepEqual(await world.store.patchSource({ ...foreign, settings: { name: newName() } }), { kind: "unknown" });
    assert.equal(await world.store.deleteSource(foreign), false);
    assert.deepEqual(await world.store.getSource(tenant.tenantSeq, source.id), source);
    assert.equal(await world.store.findSource({ id: world.newId() }), null);
    assert.equal(await world.store.findSource({ name: newName() }), null);
  });

  test("a repeated create request creates one source", async () => {
    const tenant = await world.newTenant();
    const request = createSourceOf({ newId: world.newId, now: START }, tenant.actor, { name: newName() });
    const first = await world.store.createSource(request);
    assert.equal(first.kind, "created");
    assert.deepEqual(await world.store.createSource(request), first);
    assert.equal((await audited(tenant)).length, 1);
  });

  test("a name is unique in the installation until its source is deleted or renamed", async () => {
    const [tenant, other] = [await world.newTenant(), await world.newTenant()];
    const source = await make(world, tenant);
    const taken = createSourceOf({ newId: world.newId, now: START }, other.actor, { name: source.name });
    assert.deepEqual(await world.store.createSource(taken), { kind: "nameTaken" });
    const theirs = await make(world, other);
    const rename = { ...other.owner, id: theirs.id, settings: { name: source.name }, now: START };
    assert.deepEqual(await world.store.patchSource(rename), { kind: "nameTaken" });
    await patch(tenant, source, { settings: { name: newName() } });
    assert.equal((await world.store.patchSource(rename)).kind, "patched");
    assert(await world.store.deleteSource({ ...other.owner, id: theirs.id, now: START }));
    assert.equal((await world.store.createSource(taken)).kind, "created");
  });

  test("the list is in creation order, in pages, without deleted sources", async () => {
    const tenant = await world.newTenant();
    const made: Source[] = [];
    for (let count = 0; count < 5; count += 1) made.push(await make(world, tenant));
    await make(world, await world.newTenant());
    const [, , third] = made;
    assert(third !== undefined);
    await world.store.deleteSource({ ...tenant.owner, id: third.id, now: START });
    const left = made.filter(({ id }) => id !== third.id);
    assert.deepEqual(await world.store.listSources(tenant.tenantSeq, null, 10), { sources: left, next: null });
    const page = await world.store.listSources(tenant.tenantSeq, null, 2);
    assert.deepEqual(page.sources, left.slice(0, 2));
    const rest = await world.store.listSources(tenant.tenantSeq, page.next, 2);
    assert.deepEqual(rest, { sources: left.slice(2), next: null });
  });

  test("a patch changes only the fields it contains", async () => {
    const tenant = await world.newTenant();
    const source = await make(world, tenant, HMAC);
    const [name, hmac] = [newName(), { ...HMAC.hmac, header: "x-other" }];
    const renamed = await patch(tenant, source, { settings: { name } });
    assert.deepEqual(renamed, { ...source, name, updatedAt: START + 1 });
    const patched = await patch(tenant, source, { settings: { hmac }, now: START + 2 });
    assert.deepEqual(patched, { ...renamed, hmac, updatedAt: START + 2 });
    assert.deepEqual(await world.store.getSource(tenant.tenantSeq, source.id), patched);
  });

  test("a secret is replaced at once, or after an overlap with the previous one", async () => {
    const tenant = await world.newTenant();
    const source = await make(world, tenant);
    const rotate = (value: string, previousUntil: number | null) =>
      patch(tenant, source, { secret: { value, previousUntil } });
    const rotated = await rotate("the second one", START + HOUR);
    assert.equal(rotated.secret, "the second one");
    assert.deepEqual(rotated.previousSecret, { secret: SOURCE_SECRET, until: START + HOUR });
    assert.deepEqual(await rotate("the second one", START + HOUR), rotated, "repeated after an ambiguous result");
    const longer = await rotate("the second one", START + 2 * HOUR);
    assert.deepEqual(longer.previousSecret, { secret: SOURCE_SECRET, until: START + 2 * HOUR });
    assert.equal((await rotate("the second one", null)).previousSecret, null);
    assert.equal((await rotate("the second one", START + HOUR)).previousSecret, null);
    const third = await rotate("the third one", null);
    assert.deepEqual([third.secret, third.previousSecret], ["the third one", null]);
    assert.deepEqual(await world.store.findSource({ name: source.name }), third);
  });

  test("the audit records creations, rotations and deletions with their actor", async () => {
    const tenant = await world.newTenant();
    const source = await make(world, tenant);
    const name = newName();
    await patch(tenant, source, { settings: { name } });
    const secret = { value: "another secret", previousUntil: null };
    await patch(tenant, source, { secret, now: START + 2 });
    await patch(tenant, source, { secret, settings: { name }, now: START + 3 });
    assert(await world.store.deleteSource({ ...tenant.owner, id: source.id, now: START + 4 }));
    assert.equal(await world.store.deleteSource({ ...tenant.owner, id: source.id, now: START + 5 }), false);
    assert.deepEqual(await audited(tenant), [
      ["source.created", "developer", { sourceId: source.id, name: source.name }, START],
      ["source.updated", "developer", { sourceId: source.id, name, previous_name: source.name }, START + 1],
      ["source.rotated", "developer", { sourceId: source.id, name }, START + 2],
      ["source.deleted", "developer", { sourceId: source.id, name }, START + 4],
    ]);
  });

  test("a deleted source is not found", async () => {
    const tenant = await world.newTenant();
    const source = await make(world, tenant);
    await world.store.deleteSource({ ...tenant.owner, id: source.id, now: START });
    assert.equal(await world.store.getSource(tenant.tenantSeq, source.id), null);
    assert.equal(await world.store.findSource({ id: source.id }), null);
    assert.equal(await world.store.findSource({ name: source.name }), null);
    const again = { ...tenant.owner, id: source.id, settings: { name: newName() }, now: START };
    assert.deepEqual(await world.store.patchSource(again), { kind: "unknown" });
  });

  test("a deleted source is readable by its tenant, without its secrets, as long as its requests are kept", async () => {
    await withWorld(open, async (alone) => {
      const [tenant, other] = [await alone.newTenant(), await alone.newTenant()];
      const source = await make(alone, tenant, HMAC);
      const deleted = (of = tenant) => alone.store.getDeletedSource(of.tenantSeq, source.id);
      assert.equal(await deleted(), null, "the source is not deleted yet");
      await alone.store.deleteSource({ ...tenant.owner, id: source.id, now: START });
      const { secret: _, previousSecret: __, ...rest } = source;
      assert.deepEqual([await deleted(), await deleted(other)], [rest, null]);
      while ((await alone.store.sweep({ now: START + 100 * DAY, retentionMs: DAY })).more);
      assert.equal(await deleted(), null);
    });
  });

  test("a tenant can tell that a source existed as long as its requests are kept", async () => {
    await withWorld(open, async (alone) => {
      const [tenant, other] = [await alone.newTenant(), await alone.newTenant()];
      const source = await make(alone, tenant);
      const had = (of = tenant) => alone.store.hadSource(of.tenantSeq, source.id);
      assert.equal(await had(), true);
      await alone.store.deleteSource({ ...tenant.owner, id: source.id, now: START });
      assert.deepEqual([await had(), await had(other)], [true, false]);
      assert.equal(await alone.store.hadSource(tenant.tenantSeq, alone.newId()), false);
      while ((await alone.store.sweep({ now: START + 100 * DAY, retentionMs: DAY })).more);
      assert.equal(await had(), false);
    });
  });

  test("configured sources are created once, for the first tenant; a different secret is reported and not stored", async () => {
    await withWorld(open, async (alone) => {
      const [first, second] = [await alone.newTenant(), await alone.newTenant()];
      const theirs = await make(alone, second, { scheme: "github" });
      const wanted = (name: string, secret: string) => ({ id: alone.newId(), name, secret });
      const configured = [wanted("one", "the first secret"), wanted("two", "the second secret")];
      assert.deepEqual(await alone.store.ensureSources(configured, START), []);
      const { sources: made } = await alone.store.listSources(first.tenantSeq, null, 10);
      assert.deepEqual(
        made.map(({ id, name, scheme, secret }) => [id, name, scheme, secret]),
        configured.map(({ id, name, secret }) => [id, name, "jcs", secret]),
      );
      const later = [wanted("one", "the first secret"), wanted("two", "changed"), wanted(theirs.name, SOURCE_SECRET)];
      assert.deepEqual(await alone.store.ensureSources(later, START + 1), ["two"]);
      assert.deepEqual((await alone.store.listSources(first.tenantSeq, null, 10)).sources, made);
      const filter = {
        tenantSeq: first.tenantSeq,
        pauseId: null,
        type: "source.created",
        from: null,
        to: null,
      } as const;
      const { rows } = await alone.store.listAudit(filter, 0, 10);
      assert.deepEqual(
        rows.map(({ actor, data }) => [actor, data.name]),
        [
          ["system", "two"],
          ["system", "one"],
        ],
      );
    });
  });
}
