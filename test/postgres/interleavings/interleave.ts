/**
 * Two nodes whose transactions meet. One is held right before its COMMIT while the other begins, and then commits, or
 * loses its connection and is repeated.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { DatabaseAddress } from "../../../src/domain/database-address.ts";
import { TOKENS_PER_NODE } from "../../../src/domain/delivery/lease-token.ts";
import { StoreUnavailable } from "../../../src/domain/errors.ts";
import { nextUuid } from "../../../src/domain/ids.ts";
import type { Store } from "../../../src/ports/store.ts";
import { connectionOptions } from "../../../src/store/postgres/connect.ts";
import { Connections } from "../../../src/store/postgres/connections.ts";
import { openPostgres } from "../../../src/store/postgres/database.ts";
import { openPostgresStore } from "../../../src/store/postgres/store.ts";
import { verify } from "../../../src/store/upkeep/verify/verify.ts";
import { type Ground, Tenancy } from "../../conformance/store/access/tenancy.ts";
import { START } from "../../conformance/store/delivery/times.ts";
import { polled } from "../../harness/deadline.ts";
import { type Proxy as StoreProxy, startProxy } from "../proxy.ts";
import type { PostgresServer } from "../server.ts";

/** One of the two nodes, and the tenant of this run as it sees it. */
export interface Node extends Ground {
  readonly store: Store;
  readonly number: number;
  readonly tenant: Tenancy;
}

export interface Stage {
  readonly a: Node;
  readonly b: Node;
  /** Run SQL. */
  sql(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

type Side = "a" | "b";

interface Answers<A, B> {
  readonly a: A;
  readonly b: B;
  /** Whose transaction was committed first. */
  readonly first: Side;
}

/** What both nodes do, and what must hold when both have done it. */
interface Meeting {
  readonly a: () => Promise<unknown>;
  readonly b: () => Promise<unknown>;
  readonly check: (answers: Answers<unknown, unknown>) => unknown;
}

export function meet<A, B>(
  a: () => Promise<A>,
  b: () => Promise<B>,
  check: (answers: Answers<A, B>) => unknown,
): Meeting {
  return { a, b, check: check as Meeting["check"] };
}

/** The answer of the one whose transaction came first, and the other's. */
export function inOrder<T>({ a, b, first }: Answers<T, T>): [T, T] {
  return first === "a" ? [a, b] : [b, a];
}

export interface Pair {
  readonly name: string;
  prepare(stage: Stage): Promise<Meeting>;
}

/** @param names what `a` and `b` do */
export function pair(names: readonly [string, string], prepare: Pair["prepare"]): Pair {
  return { name: names.join(" ∥ "), prepare };
}

export interface InterleavingsGround {
  readonly server: () => PostgresServer;
  createDatabase(): Promise<DatabaseAddress>;
  readonly masterKey: Uint8Array;
}

/** How the first transaction ends. */
type End = "commits" | "is lost and repeated";
const ORDERS: readonly (readonly [Side, End])[] = [
  ["a", "commits"],
  ["b", "commits"],
  ["a", "is lost and repeated"],
  ["b", "is lost and repeated"],
];

export function interleavingCases(ground: InterleavingsGround, pairs: readonly Pair[]): void {
  describe("two nodes whose transactions meet", () => {
    let field: Field;
    before(async () => {
      field = await Field.open(ground);
    });
    after(() => field.close());
    for (const one of pairs) {
      for (const [first, end] of ORDERS)
        test(`${one.name}: ${first === "a" ? "the first" : "the second"} begins and ${end}`, () =>
          field.run(one, first, end));
    }
  });
}

class Field {
  readonly #server: PostgresServer;
  readonly #database: DatabaseAddress;
  readonly #proxies: Readonly<Record<Side, StoreProxy>>;
  readonly #stores: Readonly<Record<Side, Store>>;
  readonly #connections: Connections;
  readonly #ids = { lastMs: START, randA: 0, high: 0, low: 0 };
  #keys = 0;

  private constructor(parts: {
    readonly server: PostgresServer;
    readonly database: DatabaseAddress;
    readonly proxies: Readonly<Record<Side, StoreProxy>>;
    readonly stores: Readonly<Record<Side, Store>>;
    readonly connections: Connections;
  }) {
    this.#server = parts.server;
    this.#database = parts.database;
    this.#proxies = parts.proxies;
    this.#stores = parts.stores;
    this.#connections = parts.connections;
  }

  static async open({ server, createDatabase, masterKey }: InterleavingsGround): Promise<Field> {
    const onDeath = (error: Error) => assert.fail(`a thread died: ${error.message}`);
    const database = await createDatabase();
    const proxies = { a: await startProxy(database), b: await startProxy(database) };
    const openAt = (proxy: StoreProxy) => openPostgresStore({ database: proxy.options, masterKey, onDeath });
    const stores = { a: await openAt(proxies.a), b: await openAt(proxies.b) };
    const connections = await Connections.start(onDeath);
    return new Field({ server: server(), database, proxies, stores, connections });
  }

  async close(): Promise<void> {
    await Promise.all([this.#stores.a.close(), this.#stores.b.close()]);
    await Promise.all([this.#proxies.a.close(), this.#proxies.b.close()]);
    await this.#connections.close();
  }

  async run({ prepare }: Pair, first: Side, end: End): Promise<void> {
    const meeting = await prepare(await this.#stage());
    const second = first === "a" ? "b" : "a";
    const held = this.#proxies[first].holdCommit();
    const early = meeting[first]();
    early.catch(() => undefined); // it is awaited below
    await held.reached;
    const late = meeting[second]();
    late.catch(() => undefined);
    await this.#someoneWaits();
    if (end === "commits") {
      held.release();
      const answers = { [first]: await early, [second]: await late };
      await meeting.check({ a: answers.a, b: answers.b, first });
    } else {
      await this.#endHolder();
      await assert.rejects(early, StoreUnavailable);
      const answers = { [second]: await late, [first]: await meeting[first]() };
      await meeting.check({ a: answers.a, b: answers.b, first: second });
    }
    this.#verify();
  }

  /** Both nodes enter under new numbers, so that nothing of an earlier run is theirs. */
  async #stage(): Promise<Stage> {
    const { a, b } = this.#stores;
    const numbers = { a: (await a.enter(START)).node, b: (await b.enter(START)).node };
    await Promise.all([a.heartbeat(START, true), b.heartbeat(START, true)]);
    const grounds = { a: this.#ground(a, numbers.a), b: this.#ground(b, numbers.b) };
    const actor = await this.#newTenant(grounds.a);
    const nodeOf = (side: Side): Node => ({
      ...grounds[side],
      number: numbers[side],
      tenant: new Tenancy(grounds[side], actor),
    });
    return { a: nodeOf("a"), b: nodeOf("b"), sql: (text) => this.#query(text) };
  }

  #ground(store: Store, number: number): Ground {
    let tokens = number * TOKENS_PER_NODE;
    return {
      store,
      newId: () => nextUuid(this.#ids, START, () => 1),
      newTokens(count) {
        const first = tokens + 1;
        tokens += count;
        return first;
      },
    };
  }

  async #newTenant({ store, newId }: Ground) {
    this.#keys += 1;
    const id = newId();
    const hash = this.#keys.toString(16).padStart(64, "0");
    const key = {
      id: newId(),
      hash,
      name: "Key",
      role: "global_admin",
      test: false,
      expiresAt: null,
      idleMs: null,
    } as const;
    const actor = {
      kind: "system",
      id: newId(),
      role: "global_admin",
      tenantId: id,
      tenantSeq: 0,
      test: false,
    } as const;
    await store.createTenant({ actor, id, name: "Tenant", key, now: START });
    return (await store.findKey(hash)) ?? assert.fail();
  }

  #query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return this.#server.query(this.#database, sql);
  }

  async #someoneWaits(): Promise<void> {
    const waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    await polled(async () => ((await this.#query(waiting)).length > 0 ? true : null), "the wait for the turn");
  }

  async #endHolder(): Promise<void> {
    const ended = await this.#query(`
      SELECT pg_terminate_backend(pid)
      FROM pg_stat_activity
      WHERE datname = current_database() AND state = 'idle in transaction'`);
    assert.equal(ended.length, 1);
  }

  #verify(): void {
    const connection = openPostgres(this.#connections.open(connectionOptions(this.#database)));
    connection.begin("read");
    const broken = verify(connection).filter(({ wrong }) => wrong > 0);
    connection.commit();
    connection.close();
    assert.deepEqual(broken, []);
  }
}
