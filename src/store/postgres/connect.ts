/** Opens one connection to PostgreSQL: finds the host that accepts writes, and protects the connection as asked. */
import { readFileSync } from "node:fs";
import pg from "pg";
import type { DatabaseAddress, DatabaseHost, SslMode } from "../../domain/database-address.ts";
import { StartupError } from "../../domain/errors.ts";
import { POSTGRES_CONNECT_MS_MAX } from "../../domain/limits.ts";

/** The address of a database, with the content of its PEM files: what the thread of the connections needs. */
export interface ConnectionOptions extends Omit<DatabaseAddress, "tls"> {
  readonly tls: {
    readonly mode: SslMode;
    readonly ca: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  };
  /** Whether an earlier connection turned out to have no process to itself. */
  readonly isShared: boolean;
}

/** The server is a replica, which accepts no writes. */
export class IsReplica extends Error {
  constructor() {
    super("the server is a replica");
  }
}

/** The server, or a pooler, accepts the connection and then does not answer. */
export class NoAnswer extends Error {
  constructor() {
    super(`a new connection got no answer within ${POSTGRES_CONNECT_MS_MAX / 1000} s`);
  }
}

/** @throws StartupError when a file cannot be read */
export function connectionOptions({ tls, ...address }: DatabaseAddress): ConnectionOptions {
  const { mode, rootCert, cert, key } = tls;
  return {
    ...address,
    isShared: false,
    tls: {
      mode,
      ca: pem("sslrootcert", rootCert),
      cert: pem("sslcert", cert),
      key: pem("sslkey", key),
    },
  };
}

function pem(parameter: string, file: string | null): string | null {
  // As in libpq, `system` stands for the certificate authorities that are trusted anyway.
  if (file === null || (parameter === "sslrootcert" && file === "system")) return null;
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : "it cannot be read";
    throw new StartupError(`DATABASE_URL: ${parameter} names the file ${file}, which cannot be read (${why})`);
  }
}

/**
 * Try the hosts in turn.
 *
 * @throws the error of the last host, or of the first that answered with one
 */
export async function connect(options: ConnectionOptions, config: pg.ClientConfig = {}): Promise<pg.Client> {
  let fault: unknown = null;
  for (const host of options.hosts) {
    for (const ssl of protections(host, options.tls)) {
      try {
        return await connectTo(host, { ...config, ssl }, options);
      } catch (error) {
        if (!isAnswer(fault)) fault = error;
      }
    }
  }
  throw fault;
}

function isAnswer(fault: unknown): boolean {
  return fault instanceof pg.DatabaseError || fault instanceof IsReplica;
}

async function connectTo(
  { host, port }: DatabaseHost,
  config: pg.ClientConfig,
  { user, password, database }: ConnectionOptions,
): Promise<pg.Client> {
  const client = new pg.Client({
    ...config,
    host,
    port,
    user,
    database,
    ...(password !== null && { password }),
    application_name: "signalbox",
    keepAlive: true,
    enableChannelBinding: true,
    connectionTimeoutMillis: POSTGRES_CONNECT_MS_MAX,
  });
  client.on("error", () => undefined); // an error without a listener would end the process
  try {
    await client.connect();
    if (await isReplica(client)) throw new IsReplica();
    return client;
  } catch (error) {
    client.end().catch(() => undefined); // it was lost
    throw error;
  }
}

/** A pooler without a free server connection accepts the connection, and keeps its first query waiting. */
async function isReplica(client: pg.Client): Promise<boolean> {
  const query = { text: "SELECT pg_is_in_recovery()::int AS replica", query_timeout: POSTGRES_CONNECT_MS_MAX };
  try {
    const { rows } = await client.query<{ replica: number }>(query);
    return Number(rows[0]?.replica) === 1;
  } catch (error) {
    throw isTimeout(error) ? new NoAnswer() : error;
  }
}

/** The driver's own error. */
export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === "Query read timeout";
}

type Ssl = pg.ClientConfig["ssl"];

/** The ways to protect the connection, in the order in which libpq tries them. */
function protections({ host }: DatabaseHost, tls: ConnectionOptions["tls"]): readonly Ssl[] {
  if (host.startsWith("/")) return [false]; // a Unix socket, on which PostgreSQL offers no TLS
  const encrypted = protection(tls);
  switch (tls.mode) {
    case "disable":
      return [false];
    case "allow":
      return [false, encrypted];
    case "prefer":
      return [encrypted, false];
    default:
      return [encrypted];
  }
}

function protection({ mode, ca, cert, key }: ConnectionOptions["tls"]): Ssl {
  // As in libpq, a given certificate authority makes `require` verify the server's certificate.
  const verifies = mode === "verify-full" || mode === "verify-ca" || (mode === "require" && ca !== null);
  return {
    rejectUnauthorized: verifies,
    ...(verifies && mode !== "verify-full" && { checkServerIdentity: () => undefined }),
    ...(ca !== null && { ca }),
    ...(cert !== null && { cert }),
    ...(key !== null && { key }),
  };
}
