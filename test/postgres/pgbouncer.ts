/** A PgBouncer before a PostgreSQL server. npm has no package of it: the environment variable PGBOUNCER names the program. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import { end, freePort, launch } from "./server.ts";

export type PoolMode = "session" | "transaction";

export interface PgBouncer {
  /** The database, through the pooler. */
  before(database: DatabaseAddress): DatabaseAddress;
  /** Stop at once, and start again when the returned function is called. */
  crash(): Promise<() => Promise<void>>;
  stop(): Promise<void>;
}

/** @param settings replace or complement those below */
export async function startPgBouncer(
  program: string,
  { hosts: [server = assert.fail()] }: Pick<DatabaseAddress, "hosts">,
  poolMode: PoolMode,
  settings: Readonly<Record<string, string>> = {},
): Promise<PgBouncer> {
  const dir = mkdtempSync(path.join(tmpdir(), "signalbox-pgbouncer-"));
  const port = await freePort();
  const all = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "trust",
    auth_file: path.join(dir, "users"),
    pool_mode: poolMode,
    server_login_retry: 1,
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const file = path.join(dir, "pgbouncer.ini");
  writeFileSync(
    file,
    [`[databases]\n* = host=${server.host} port=${server.port}\n[pgbouncer]`, ...lines, ""].join("\n"),
  );
  writeFileSync(all.auth_file, '"signalbox" ""\n');
  chmodSync(dir, 0o755);
  const start = () => launch(program, [file], { cwd: dir, isUp: /process up/ });
  let running = await start();
  return {
    before: (database) => ({ ...database, hosts: [{ host: "127.0.0.1", port }] }),
    async crash() {
      await end(running, "SIGKILL");
      return async () => {
        running = await start();
      };
    },
    async stop() {
      await end(running, "SIGKILL");
      rmSync(dir, { recursive: true });
    },
  };
}
