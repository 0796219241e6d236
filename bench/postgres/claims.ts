/**
 * Claims while another session keeps an old snapshot, as a dump or a forgotten transaction does. PostgreSQL then keeps
 * every version of a row that was changed since, and no statement may read those of all deliveries that left a lane.
 */
import { readFileSync } from "node:fs";
import type { Endpoint } from "../../src/domain/endpoints/endpoint.ts";
import type { PublishRequest } from "../../src/ports/store.ts";
import { connect, connectionOptions } from "../../src/store/postgres/connect.ts";
import { openPostgresStore } from "../../src/store/postgres/store.ts";
import type { Tenancy } from "../../test/conformance/store/access/tenancy.ts";
import { START } from "../../test/conformance/store/delivery/times.ts";
import { succeeded } from "../../test/conformance/store/delivery/verdicts.ts";
import { type World, withWorld } from "../../test/conformance/store/world.ts";
import type { Benchmark, Measure } from "../kit/benchmark.ts";
import { databaseKey, newDatabase } from "./database.ts";

const DELIVERIES_EACH = 100;
const PAYLOAD = JSON.stringify({ text: "x".repeat(280) });
const BEHIND_SECONDS = 60;
const BEHIND_MAX = 2;

const STEPS = ["publish", "claim", "settle"] as const;
type Times = Record<(typeof STEPS)[number], number>;

export const claims: Benchmark = {
  name: "claims",
  about: `PostgreSQL's processor time for ${DELIVERIES_EACH} waiting deliveries, before and behind an old snapshot; needs --store postgres`,
  once: true,
  async run({ seconds, scale, note }) {
    const database = await newDatabase();
    const masterKey = databaseKey();
    if (database === null || masterKey === null) return [];
    const onDeath = (error: Error) => {
      throw error;
    };
    const store = await openPostgresStore({ database, masterKey, onDeath });
    const never = () => Promise.reject(new Error("it stays open"));
    const opened = { store, reopen: never, writeFromOutside: never, dispose: () => store.close() };
    const measures: Measure[] = [];
    await withWorld(
      async () => opened,
      async (world) => {
        const client = await connect(connectionOptions(database));
        const churn = await Churn.start(world, async () => {
          const { rows } = await client.query<{ pid: number }>(BACKENDS);
          return rows.map(({ pid }) => pid);
        });
        note("before");
        await churn.run(seconds);
        const before = await churn.run(seconds);
        await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM signalbox.turn");
        note("behind an old snapshot");
        const deliveries = churn.deliveries;
        await churn.run(Math.max(0, BEHIND_SECONDS * scale - seconds));
        const behind = await churn.run(seconds);
        await client.end();
        measures.push({ name: "deliveries behind the snapshot", unit: "", value: churn.deliveries - deliveries });
        for (const step of STEPS) {
          measures.push(
            { name: `${step}: before`, unit: "ms", value: before[step] },
            { name: `${step}: behind it`, unit: "ms", value: behind[step] },
            {
              name: `${step}: behind ÷ before`,
              unit: "×",
              value: behind[step] / before[step],
              goal: { atMost: BEHIND_MAX },
            },
          );
        }
      },
    );
    return measures;
  },
};

const BACKENDS =
  "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";

/** Deliveries that wait in the store, are claimed and delivered, one batch after the other. */
class Churn {
  deliveries = 0;
  readonly #world: World;
  readonly #tenant: Tenancy;
  readonly #endpoint: Endpoint;
  readonly #request: PublishRequest;
  readonly #backends: readonly number[];
  #now = START;

  private constructor(
    world: World,
    tenant: Tenancy,
    endpoint: Endpoint,
    request: PublishRequest,
    backends: readonly number[],
  ) {
    this.#world = world;
    this.#tenant = tenant;
    this.#endpoint = endpoint;
    this.#request = request;
    this.#backends = backends;
  }

  static async start(world: World, backends: () => Promise<readonly number[]>): Promise<Churn> {
    const tenant = await world.newTenant();
    const endpoint = await tenant.endpoint();
    const request = await tenant.request([endpoint], { lease: false, payload: PAYLOAD });
    return new Churn(world, tenant, endpoint, request, await backends());
  }

  /** Returns the processor time of each step, for one batch. */
  async run(seconds: number): Promise<Times> {
    const times: Times = { publish: 0, claim: 0, settle: 0 };
    const end = performance.now() + seconds * 1000;
    let batches = 0;
    while (performance.now() < end) {
      await this.#batch(times);
      batches += 1;
    }
    for (const step of STEPS) times[step] /= batches;
    return times;
  }

  async #batch(times: Times): Promise<void> {
    const { store } = this.#world;
    this.#now += 1;
    const requests = Array.from({ length: DELIVERIES_EACH }, () => this.#another());
    const claim = () => this.#tenant.claim(this.#endpoint, this.#now, DELIVERIES_EACH);
    await this.#timed(times, "publish", () => store.publish(requests));
    const leased = await this.#timed(times, "claim", claim);
    if (leased.length !== DELIVERIES_EACH) throw new Error(`${leased.length} deliveries were claimed`);
    const settlements = leased.map((delivery) => this.#tenant.settlement(delivery, succeeded, { at: this.#now }));
    await this.#timed(times, "settle", () => store.settle(settlements));
    this.deliveries += leased.length;
  }

  #another(): PublishRequest {
    const { event, targets, ...rest } = this.#request;
    const newId = () => this.#world.newId();
    return {
      ...rest,
      event: { ...event, id: newId(), acceptedAt: this.#now },
      targets: targets.map((target) => ({ ...target, deliveryId: newId() })),
    };
  }

  async #timed<T>(times: Times, step: keyof Times, work: () => Promise<T>): Promise<T> {
    const before = this.#cpuMs();
    const result = await work();
    times[step] += this.#cpuMs() - before;
    return result;
  }

  /** The scheduler's own clock, in nanoseconds. */
  #cpuMs(): number {
    const ns = this.#backends.map((pid) => Number(readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ")[0]));
    return ns.reduce((sum, each) => sum + each, 0) / 1e6;
  }
}
