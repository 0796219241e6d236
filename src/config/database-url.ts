/** Parse `DATABASE_URL`. A fault never contains the URL, because the URL contains a password. */
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { type DatabaseAddress, type DatabaseHost, SSL_MODES, type SslMode } from "../domain/database-address.ts";
import type { Parse } from "./parse.ts";

const EXAMPLE = "postgres://user:password@db.example.com:5432/signalbox";
const URL_PARTS = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^/?#]*))?(?:\?([^#]*))?$/;
const HOST = /^(?:\[([^\]]+)\]|([^:[\]]*))(?::(\d{1,5}))?$/;
const UNUSABLE = /\p{Cc}/u;
const DEFAULT_PORT = 5432;
const PORT_MAX = 65_535;
/** The parameters that are used. `channel_binding` is what some providers add; the driver uses it where it can. */
const PARAMETERS = ["host", "sslmode", "sslrootcert", "sslcert", "sslkey", "channel_binding"];

class Fault extends Error {}

export const parseDatabaseUrl: Parse<DatabaseAddress> = (text) => {
  try {
    return { value: read(text) };
  } catch (error) {
    if (error instanceof Fault) return { fault: error.message };
    throw error;
  }
};

/** @throws Fault */
function read(text: string): DatabaseAddress {
  // A file that a setting is read from often ends with a line break.
  const parts = URL_PARTS.exec(text.replace(/\r?\n$/, ""));
  if (parts === null) {
    throw new Fault(
      `must be a URL such as ${EXAMPLE}; write @, /, ?, # and % in a password as %40, %2F, %3F, %23, %25`,
    );
  }
  const [, login = "", authority = "", database = "", query = ""] = parts;
  const [user = "", ...password] = login.split(":");
  if (user === "") throw new Fault(`names no user; it must be a URL such as ${EXAMPLE}`);
  const parameters = readParameters(query);
  const hosts = readHosts(parameters.get("host") ?? decoded(authority));
  const mode = readMode(parameters.get("sslmode") ?? null, hosts);
  const rootCert = parameters.get("sslrootcert") ?? null;
  checkAuthorities(mode, rootCert);
  return {
    hosts,
    user: decoded(user),
    password: password.length === 0 ? null : decoded(password.join(":")),
    database: database === "" ? decoded(user) : decoded(database),
    tls: {
      mode,
      rootCert,
      cert: parameters.get("sslcert") ?? null,
      key: parameters.get("sslkey") ?? null,
    },
  };
}

function decoded(text: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(text);
  } catch {
    throw new Fault("has a % that is not followed by two hex digits; write a % in a password as %25");
  }
  if (UNUSABLE.test(plain)) throw new Fault("contains a line break or another control character");
  return plain;
}

function readParameters(query: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of query === "" ? [] : query.split("&")) {
    const [name = "", ...value] = part.split("=");
    if (!PARAMETERS.includes(name)) {
      // With an @, it can be the rest of a password.
      const shown = /^\w+$/.test(name) && !query.includes("@") ? ` ${name}` : "";
      throw new Fault(`has an unknown parameter${shown}; known are ${PARAMETERS.join(", ")}`);
    }
    found.set(name, decoded(value.join("=")));
  }
  if (found.has("sslcert") !== found.has("sslkey")) throw new Fault("must have both sslcert and sslkey, or neither");
  return found;
}

function readHosts(text: string): readonly DatabaseHost[] {
  return text.split(",").map((place) => {
    if (place.startsWith("/")) return { host: place, port: DEFAULT_PORT };
    const [, address, name, digits] = HOST.exec(place) ?? [];
    const host = address ?? name ?? "";
    const port = digits === undefined ? DEFAULT_PORT : Number(digits);
    if (host === "" || (address !== undefined && isIP(address) !== 6) || port < 1 || port > PORT_MAX) {
      throw new Fault(`must name a host, and a port from 1 to ${PORT_MAX}; it must be a URL such as ${EXAMPLE}`);
    }
    return { host, port };
  });
}

/** Without `sslmode`, a connection that leaves this machine has to be encrypted, and to the right server. */
function readMode(text: string | null, hosts: readonly DatabaseHost[]): SslMode {
  if (text === null) return hosts.every(isLocal) ? "disable" : "verify-full";
  const mode = SSL_MODES.find((known) => known === text);
  if (mode === undefined) throw new Fault(`has an unknown sslmode; it must be one of ${SSL_MODES.join(", ")}`);
  return mode;
}

/** Anybody can get a certificate of a public authority, for a host name of their own: it proves nothing without the name. */
function checkAuthorities(mode: SslMode, rootCert: string | null): void {
  if (rootCert === "system" && mode !== "verify-full")
    throw new Fault("must have sslmode=verify-full with sslrootcert=system");
  if (rootCert === null && mode === "verify-ca") {
    throw new Fault("must have sslrootcert=FILE with sslmode=verify-ca: the certificate authority of the server");
  }
}

function isLocal({ host }: DatabaseHost): boolean {
  if (host.startsWith("/") || host === "localhost") return true;
  return isIP(host) !== 0 && ipaddr.process(host).range() === "loopback";
}
