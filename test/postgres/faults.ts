/**
 * Faults of nodes, of PostgreSQL and of the network between them, under load, with real processes. After each of them
 * every event that got a 202 arrives, and no delivery has ended twice.
 */
import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import { polled } from "../harness/deadline.ts";
import type { Scope } from "../harness/server.ts";
import { type Arrivals, type Cluster, startCluster } from "./cluster.ts";
import { type PgBouncer, type PoolMode, startPgBouncer } from "./pgbouncer.ts";
import { startProxy } from "./proxy.ts";
import { promotable } from "./replica.ts";
import { type Folders, type PostgresServer, startPostgres } from "./server.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";

export interface FaultGround {
  readonly server: PostgresServer;
  readonly masterKey: Uint8Array;
  createDatabase(): Promise<DatabaseAddress>;
  /** Events that are accepted before a fault, and after it. */
  readonly events: number;
  readonly nodes: number;
  /** How long what is temporary lasts. */
  readonly lastsMs: number;
  /** How long a refusal may take. */
  readonly refusalMsMax: number;
}

export interface Fault {
  readonly name: string;
  /** Whether only `npm run faults` has it: it takes another server, or longer than a node may be silent. */
  readonly isLong?: true;
  /** Whether something waits for a node that is frozen and cannot respond. */
  readonly isSlow?: true;
  /** Whether it needs a small disk. */
  readonly mounts?: true;
  stage(ground: FaultGround, scope: Scope): Promise<Stage>;
}

/** What a fault needs before the nodes start. */
interface Stage {
  readonly database: DatabaseAddress;
  /** The address for the second node, when it has another one. */
  readonly second?: DatabaseAddress;
  /** Runs under load. */
  strike(cluster: Cluster): Promise<void>;
}

/** These need one server, on which the ground creates a database. */
const FAULTS_OF_ONE_SERVER: readonly Fault[] = [
  {
    name: "a node is killed",
    stage: async ({ createDatabase }) => ({
      database: await createDatabase(),
      async strike({ nodes }) {
        nodes[1]?.signal("SIGKILL");
      },
    }),
  },
  {
    name: "a node is frozen, and wakes up",
    isLong: true,
    isSlow: true,
    stage: async ({ createDatabase, lastsMs }) => ({
      database: await createDatabase(),
      async strike({ nodes }) {
        nodes[1]?.signal("SIGSTOP");
        await passed(lastsMs);
        nodes[1]?.signal("SIGCONT");
      },
    }),
  },
  {
    name: "PostgreSQL crashes, and comes back",
    isLong: true,
    stage: async ({ createDatabase, server, lastsMs }) => ({
      database: await createDatabase(),
      async strike() {
        const start = await server.crash();
        await passed(lastsMs);
        await start();
      },
    }),
  },
  {
    name: "connections are terminated at random",
    isLong: true,
    async stage({ createDatabase, server, lastsMs }) {
      const database = await createDatabase();
      return {
        database,
        async strike() {
          const endMs = performance.now() + lastsMs;
          while (performance.now() < endMs) {
            await server.query(database, TERMINATE);
            await passed(TERMINATE_EVERY_MS);
          }
        },
      };
    },
  },
  {
    name: "the network between a node and PostgreSQL is cut, and heals",
    async stage({ createDatabase, lastsMs }, scope) {
      const database = await createDatabase();
      const proxy = await startProxy(database);
      scope.after(() => proxy.close());
      return {
        database,
        second: proxy.options,
        async strike() {
          const heal = proxy.swallow();
          await passed(lastsMs);
          heal();
        },
      };
    },
  },
  {
    name: "the nodes restart one after the other",
    isLong: true,
    async stage({ createDatabase, nodes }) {
      return {
        database: await createDatabase(),
        async strike(cluster) {
          for (let index = 0; index < nodes; index += 1) await cluster.restart(index);
        },
      };
    },
  },
];

const FAILOVERS: readonly Fault[] = [
  {
    name: "PostgreSQL fails over to a replica that is up to date",
    isLong: true,
    async stage(_, scope) {
      const { database, crash, promote } = await promotable(scope, "synchronous");
      return {
        database,
        async strike() {
          await crash();
          await promote();
        },
      };
    },
  },
  {
    name: "PostgreSQL fails over to a replica that lags behind",
    isLong: true,
    async stage({ events }, scope) {
      const { database, crash, promote, stopStreaming } = await promotable(scope, "asynchronous");
      return {
        database,
        async strike(cluster) {
          cluster.restartEnded();
          const forgive = cluster.mayLose();
          await stopStreaming();
          await cluster.acceptedMore(events);
          await crash();
          forgive();
          await promote();
        },
      };
    },
  },
];

const FULL_DISKS: readonly Fault[] = [
  {
    name: "the disk of PostgreSQL's tables is full for a while",
    isLong: true,
    mounts: true,
    async stage(ground, scope) {
      const { dir, fill } = mountSmallDisk(scope, TABLES_DISK_MB);
      const { dir: wal } = mountSmallDisk(scope, WAL_DISK_MB);
      return full(ground, scope, { folders: { parent: dir, wal: `${wal}/wal` }, fill });
    },
  },
  {
    name: "the disk of PostgreSQL's WAL is full for a while",
    isLong: true,
    mounts: true,
    async stage(ground, scope) {
      const { dir, fill } = mountSmallDisk(scope, WAL_DISK_MB);
      return full(ground, scope, { folders: { parent: tmpdir(), wal: `${dir}/wal` }, fill });
    },
  },
];
const TABLES_DISK_MB = 512;
const WAL_DISK_MB = 256;

interface Filling extends Pick<SmallDisk, "fill"> {
  readonly folders: Folders;
}

/** While its tables cannot grow, PostgreSQL fails transactions. Without space for its WAL, it ends. */
async function full({ lastsMs }: FaultGround, scope: Scope, { folders, fill }: Filling): Promise<Stage> {
  const server = await startPostgres({}, folders);
  scope.after(() => server.stop());
  const database = await server.createDatabase();
  return {
    database,
    async strike(cluster) {
      cluster.restartEnded();
      const free = fill();
      await cluster.refused();
      await passed(lastsMs);
      free();
      const isBack = () => server.revive().then(() => server.query(database, "SELECT"));
      await polled(() => isBack().catch(() => null), "the recovery of PostgreSQL");
    },
  };
}

export const FAULTS = [...FAULTS_OF_ONE_SERVER, ...FAILOVERS, ...FULL_DISKS];

/** The faults of one server behind PgBouncer, and one of PgBouncer itself. */
export function faultsBehindPooler(program: string, mode: PoolMode): readonly Fault[] {
  type Behind = (ground: FaultGround, scope: Scope, pooler: PgBouncer) => Promise<Stage>;
  const behind = (fault: Pick<Fault, "name" | "isSlow">, stage: Behind): Fault => ({
    ...fault,
    name: `${fault.name}, behind PgBouncer in ${mode} mode`,
    async stage(ground, scope) {
      const pooler = await startPgBouncer(program, ground.server, mode);
      scope.after(() => pooler.stop());
      const createDatabase = async () => pooler.before(await ground.createDatabase());
      return stage({ ...ground, createDatabase }, scope, pooler);
    },
  });
  const crash: Behind = async ({ createDatabase, lastsMs }, _, pooler) => ({
    database: await createDatabase(),
    async strike() {
      const start = await pooler.crash();
      await passed(lastsMs);
      await start();
    },
  });
  return [
    behind({ name: "the pooler crashes, and comes back" }, crash),
    ...FAULTS_OF_ONE_SERVER.map((fault) => behind(fault, fault.stage)),
  ];
}

const TERMINATE_EVERY_MS = 200;
const TERMINATE = `
  SELECT pg_terminate_backend(pid)
  FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.3`;

// tidy-allow timer: how long a fault lasts
const passed = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function runFault(scope: Scope, fault: Fault, ground: FaultGround): Promise<Arrivals> {
  const { masterKey, nodes, server, events, refusalMsMax } = ground;
  const { database, second, strike } = await fault.stage(ground, scope);
  const cluster = await startCluster(scope, { database, masterKey, nodes, ...(second && { second }) });
  const end = cluster.load();
  await cluster.acceptedMore(events);
  cluster.faultBegins();
  await strike(cluster);
  await cluster.acceptedMore(events);
  await end();
  const arrivals = await cluster.allArrived();
  if (!fault.isSlow) assert(arrivals.slowestRefusalMs <= refusalMsMax, JSON.stringify(arrivals));
  await polled(async () => {
    const [left] = await server.query(database, LEFT);
    return Number(left?.left) === 0 ? true : null;
  }, "the end of every delivery");
  const [ended] = await server.query(database, ENDED);
  assert.equal(ended?.counted, ended?.deliveries, "each delivery ended once");
  return arrivals;
}

// Sleeps, because each look is a new connection.
const LEFT =
  "SELECT (SELECT count(*)::int FROM signalbox.deliveries WHERE state <> 3) AS left FROM pg_catalog.pg_sleep(0.3)";
const ENDED = `
  SELECT (SELECT count(*)::int FROM signalbox.deliveries) AS deliveries,
    (SELECT sum(delivered)::int FROM signalbox.counters WHERE endpoint_seq <> 0) AS counted`;
