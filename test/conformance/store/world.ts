/** Shared by the cases of the conformance suite: a store, its tenants, and short forms of the verbs. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before } from "node:test";
import type { Actor, Role } from "../../../src/domain/access/access.ts";
import { type EpochMs, nextUuid } from "../../../src/domain/ids.ts";
import type { Entered, NewKey, Store } from "../../../src/ports/store.ts";
import { type Ground, Tenancy } from "./access/tenancy.ts";
import { START } from "./delivery/times.ts";

/** A store under test. */
export interface OpenedStore {
  readonly store: Store;
  /** Close the store and open the same data again. */
  reopen(): Promise<Store>;
  /** Commit a change as another process would. */
  writeFromOutside(): Promise<unknown>;
  dispose(): Promise<void>;
}

/** Opens an empty store. */
export type OpenStore = () => Promise<OpenedStore>;

const TOKENS_PER_NODE = 2 ** 32;

export interface World extends Ground {
  /** This node's number. */
  readonly node: number;
  newKey(role?: Role): NewKey;
  newTenant(role?: Role): Promise<Tenancy>;
  /** Restart the process. The new process enters at this time. */
  restart(now: EpochMs): Promise<Entered>;
  /** A new process enters at this time. The store stays open, because opening it takes most of the time of a restart. */
  enter(now: EpochMs): Promise<Entered>;
  writeFromOutside(): Promise<unknown>;
}

interface OpenWorld extends World {
  dispose(): Promise<void>;
}

async function openWorld(open: OpenStore): Promise<OpenWorld> {
  const opened = await open();
  let { store } = opened;
  let entered = await store.enter(START);
  let tokens = 0;
  let keys = 0;
  const ids = { lastMs: START, randA: 0, high: 0, low: 0 };
  const world: OpenWorld = {
    get store() {
      return store;
    },
    get node() {
      return entered.node;
    },
    newId: () => nextUuid(ids, START, () => 1),
    newTokens(count) {
      const first = entered.node * TOKENS_PER_NODE + tokens + 1;
      tokens += count;
      return first;
    },
    newKey(role = "org_admin") {
      keys += 1;
      const hash = createHash("sha256").update(`key ${keys}`).digest("hex");
      return { id: world.newId(), hash, name: `Key ${keys}`, role, test: false, expiresAt: null, idleMs: null };
    },
    async newTenant(role = "org_admin") {
      const id = world.newId();
      const key = world.newKey(role);
      const system: Actor = {
        kind: "system",
        id: world.newId(),
        role: "global_admin",
        tenantId: id,
        tenantSeq: 0,
        test: false,
      };
      await store.createTenant({ actor: system, id, name: "Tenant", key, now: START });
      const actor = await store.findKey(key.hash);
      assert(actor !== null);
      return new Tenancy(world, actor);
    },
    async restart(now) {
      store = await opened.reopen();
      return world.enter(now);
    },
    async enter(now) {
      entered = await store.enter(now);
      return entered;
    },
    writeFromOutside: () => opened.writeFromOutside(),
    dispose: () => opened.dispose(),
  };
  return world;
}

/** A store for all cases of one `describe`. Each case creates its own tenants. */
export function useWorld(open: OpenStore): World {
  let world: OpenWorld | null = null;
  const present = (): OpenWorld => {
    assert(world !== null);
    return world;
  };
  before(async () => {
    world = await openWorld(open);
  });
  after(() => world?.dispose());
  return {
    get store() {
      return present().store;
    },
    get node() {
      return present().node;
    },
    newId: () => present().newId(),
    newTokens: (count) => present().newTokens(count),
    newKey: (role) => present().newKey(role),
    newTenant: (role) => present().newTenant(role),
    restart: (now) => present().restart(now),
    enter: (now) => present().enter(now),
    writeFromOutside: () => present().writeFromOutside(),
  };
}

/** A store for a single case, where a verb affects every tenant. */
export async function withWorld(open: OpenStore, run: (world: World) => Promise<void>): Promise<void> {
  const world = await openWorld(open);
  try {
    await run(world);
  } finally {
    await world.dispose();
  }
}
