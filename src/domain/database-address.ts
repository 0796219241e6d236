/** Where a PostgreSQL database is, and how connections to it are protected. */

/** What TLS protects, as in libpq: https://www.postgresql.org/docs/current/libpq-ssl.html */
export const SSL_MODES = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = (typeof SSL_MODES)[number];

export interface DatabaseHost {
  /** A host name, an address, or the directory of a Unix socket, which begins with `/`. */
  readonly host: string;
  readonly port: number;
}

export interface DatabaseAddress {
  /** Tried in turn, until one is a server that accepts writes. */
  readonly hosts: readonly DatabaseHost[];
  readonly user: string;
  /** Null: none in the URL. */
  readonly password: string | null;
  readonly database: string;
  readonly tls: {
    readonly mode: SslMode;
    /** Paths of PEM files; null: not given. Without `rootCert`, the certificate authorities that Node knows count. */
    readonly rootCert: string | null;
    readonly cert: string | null;
    readonly key: string | null;
  };
}

/** The address without its password, for people. */
export function shownDatabase({ hosts, user, database }: DatabaseAddress): string {
  const places = hosts.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`);
  return `postgres://${encodeURIComponent(user)}@${places.join(",")}/${encodeURIComponent(database)}`;
}
