/** Says in one line why the server cannot start on a PostgreSQL database, and what to do. Never with the password. */
import pg from "pg";
import { StartupError } from "../../../domain/errors.ts";
import { POSTGRES_CONNECT_MS_MAX } from "../../../domain/limits.ts";
import type { ConnectionOptions } from "../connect.ts";
import { IsReplica, NoAnswer } from "../connect.ts";
import { identifier } from "./rights.ts";

type Explain = (where: Where, message: string) => string;

interface Where {
  readonly server: string;
  readonly user: string;
  readonly database: string;
}

const BY_SQLSTATE: Readonly<Record<string, Explain>> = {
  "28P01": ({ server, user }) => `${server} refuses the password of the user ${user}: correct it in DATABASE_URL`,
  "28000": refused,
  "3F000": lacksRight,
  "3D000": ({ server, database, user }) =>
    `${server} has no database ${database}: create it with ` +
    `\`CREATE DATABASE ${identifier(database)} OWNER ${identifier(user)}\`, or correct DATABASE_URL`,
  "42501": lacksRight,
  "53300": ({ server }, message) =>
    `${server} has no connection left (${message}): raise that limit, or stop what uses them`,
  "57P03": ({ server }, message) => `${server} accepts no connections yet (${message}): wait until it does`,
};

function lacksRight({ server, database, user }: Where, message: string): string {
  const [, table] = /for table (\w+)/.exec(message) ?? [];
  const grant = message.includes("database")
    ? `GRANT CONNECT, CREATE ON DATABASE ${identifier(database)}`
    : table === undefined
      ? "GRANT USAGE, CREATE ON SCHEMA signalbox"
      : `GRANT SELECT, INSERT, UPDATE, DELETE ON signalbox.${table}`;
  return `${server}: ${message}; let the owner run \`${grant} TO ${identifier(user)}\``;
}

function refused({ server, user }: Where, message: string): string {
  const fix = /no encryption/.test(message)
    ? "; if it accepts only encrypted connections, set sslmode=verify-full in DATABASE_URL"
    : /client certificate/.test(message)
      ? `; name the certificate of the user ${user} with sslcert=FILE and sslkey=FILE in DATABASE_URL`
      : "; correct DATABASE_URL, or the server's pg_hba.conf";
  return `${server} refuses the connection: ${message}${fix}`;
}

const BY_CODE: Readonly<Record<string, Explain>> = {
  ECONNREFUSED: ({ server }) => `${server} refuses connections: start PostgreSQL there, or correct DATABASE_URL`,
  ENOTDIR: ({ server }) => `${server} is a file: name the directory of the socket in DATABASE_URL`,
  ECONNRESET: closes,
  EPIPE: closes,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  ETIMEDOUT: unreachable,
  ENOENT: ({ server }) => `${server} has no socket: start PostgreSQL there, or correct DATABASE_URL`,
  ENOTFOUND: ({ server }) => `the host name of ${server} does not resolve to an address: correct DATABASE_URL`,
  EAI_AGAIN: ({ server }) => `the host name of ${server} does not resolve to an address: correct DATABASE_URL`,
  ERR_TLS_CERT_ALTNAME_INVALID: ({ server }) =>
    `the certificate of ${server} is for another host name: use that name in DATABASE_URL, or set sslmode=verify-ca`,
};

function closes({ server }: Where): string {
  return `${server} closes the connection: check that PostgreSQL listens there, or correct DATABASE_URL`;
}

function unreachable({ server }: Where): string {
  return `${server} does not answer: check the network between, or correct DATABASE_URL`;
}

/** OpenSSL could not use a file, or the server did not accept the certificate. */
const UNUSABLE = /^ERR_(?:OSSL|SSL)_/;
const UNVERIFIED = /CERT|SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)/;
const AWAY =
  /^(?:ECONNREFUSED|ECONNRESET|EPIPE|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|ENOENT|ENOTFOUND|EAI_AGAIN|57P03|53300)$/;
const CLOSED = /terminated unexpectedly|establishing an SSL connection/;
const TIMED_OUT = /timeout/i;
/** Not covered by an SQLSTATE: errors that the driver itself makes. */
const BY_MESSAGE: readonly (readonly [RegExp, Explain])[] = [
  [
    /does not support SSL/,
    ({ server }) =>
      `${server} does not offer TLS: turn it on there, or set sslmode=disable in DATABASE_URL if the network is trusted`,
  ],
  [CLOSED, closes],
  [TIMED_OUT, unreachable],
  [
    /password must be a string/,
    ({ server, user }) => `${server} wants a password for the user ${user}: add it to DATABASE_URL`,
  ],
];

export function startupFault(error: unknown, { hosts, user, database }: ConnectionOptions): StartupError {
  if (error instanceof StartupError) return error;
  const places = hosts.map(({ host, port }) => (host.startsWith("/") ? host : `${host}:${port}`));
  const where = { server: `PostgreSQL at ${places.join(", ")}`, user, database };
  const message = error instanceof Error ? error.message : String(error);
  const text = explain(error, message)?.(where, message) ?? `${where.server}: ${message}`;
  return new StartupError(text.replaceAll(/\s*[\r\n]\s*/g, " "), isAway(error, message) ? "unreachable" : "failed");
}

/** Whether PostgreSQL is out of reach, and does not refuse what is asked of it. */
function isAway(error: unknown, message: string): boolean {
  return error instanceof NoAnswer || AWAY.test(codeOf(error)) || CLOSED.test(message) || TIMED_OUT.test(message);
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function explain(error: unknown, message: string): Explain | undefined {
  if (error instanceof IsReplica) {
    return ({ server }) => `${server} is a replica, which accepts no writes: name the primary server in DATABASE_URL`;
  }
  if (error instanceof NoAnswer) {
    return ({ server }) =>
      `${server} accepts the connection, but answers nothing within ${POSTGRES_CONNECT_MS_MAX / 1000} s: if it is a ` +
      "pooler, raise its default_pool_size; otherwise check that PostgreSQL runs";
  }
  const code = codeOf(error);
  if (error instanceof pg.DatabaseError) return BY_SQLSTATE[code];
  if (UNUSABLE.test(code)) return unusable(code);
  return BY_CODE[code] ?? (UNVERIFIED.test(code) ? unverified(code) : byMessage(message));
}

function unverified(code: string): Explain {
  return ({ server }) =>
    `the certificate of ${server} cannot be verified (${code}): name its certificate authority with sslrootcert=FILE in ` +
    "DATABASE_URL, or set sslmode=require if nobody can come between";
}

function unusable(code: string): Explain {
  return ({ server }) =>
    `no TLS connection to ${server} (${code}): sslrootcert and sslcert must name PEM files with certificates, sslkey the ` +
    "private key of sslcert, and the server must trust the authority of sslcert";
}

function byMessage(message: string): Explain | undefined {
  return BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1];
}
