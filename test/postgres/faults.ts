/**
 * Faults of nodes, of PostgreSQL and of the network between them, under load, with real processes. After each of them
 * every event that got a 202 arrives.
 */
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import type { Scope } from "../harness/server.ts";
import { type Arrivals, type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
import type { PostgresServer } from "./server.ts";

export interface FaultGround {
  readonly server: PostgresServer;
  readonly masterKey: Uint8Array;
  createDatabase(): Promise<DatabaseAddress>;
  /** Events that are accepted before a fault, and after it. */
  readonly events: number;
  readonly nodes: number;
  /** How long what is temporary lasts. */
  readonly lastsMs: number;
}

interface Fault {
  readonly name: string;
  /** Whether it shows nothing unless it lasts longer than a node may be silent. */
  readonly isLong?: true;
  /** Runs under load. */
  run(cluster: Cluster, ground: FaultGround & { readonly database: DatabaseAddress }): Promise<void>;
}

export const FAULTS: readonly Fault[] = [
  {
    name: "a node is killed",
    async run({ nodes }) {
      nodes[1]?.signal("SIGKILL");
    },
  },
  {
    name: "a node is frozen, and wakes up",
    isLong: true,
    async run({ nodes }, { lastsMs }) {
      nodes[1]?.signal("SIGSTOP");
      await passed(lastsMs);
      nodes[1]?.signal("SIGCONT");
    },
  },
  {
    name: "PostgreSQL crashes, and comes back",
    async run(_cluster, { server, lastsMs }) {
      const start = await server.crash();
      await passed(lastsMs);
      await start();
    },
  },
  {
    name: "connections are terminated at random",
    async run(_, { server, database, lastsMs }) {
      const endMs = performance.now() + lastsMs;
      while (performance.now() < endMs) {
        await server.query(database, TERMINATE);
        await passed(TERMINATE_EVERY_MS);
      }
    },
  },
];

const TERMINATE_EVERY_MS = 200;
const TERMINATE = `
  SELECT pg_terminate_backend(pid)
  FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.3`;

// tidy-allow timer: how long a fault lasts
const passed = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

export async function runFault(scope: Scope, fault: Fault, ground: FaultGround): Promise<Arrivals> {
  const database = await ground.createDatabase();
  const options: ClusterOptions = { database, masterKey: ground.masterKey, nodes: ground.nodes };
  const cluster = await startCluster(scope, options);
  const end = cluster.load();
  await cluster.acceptedMore(ground.events);
  await fault.run(cluster, { ...ground, database });
  await cluster.acceptedMore(ground.events);
  await end();
  return cluster.allArrived();
}
