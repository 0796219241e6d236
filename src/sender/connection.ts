/**
 * One connection to one receiver: an undici client with a socket of our own making.
 *
 * Not undici's Pool: that looks for a free client by walking over all of them, and lanes, not pools, limit concurrency,
 * so there may be hundreds. The pool beside this file takes the last one used in one step, and owns each connection
 * for exactly one exchange, which is what deadlines and the bound on what is read need.
 */
import type { EventEmitter } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { Client } from "undici";
import {
  ADDRESS_HEAD_START_MS,
  ADDRESSES_TRIED_MAX,
  ANSWER_HEAD_BYTES_MAX,
  CONNECTION_AGE_MS_MAX,
  CONNECTION_IDLE_MS,
} from "../domain/limits.ts";
import { ConnectFailure, connectFailure, type Failure, tlsFailure, unreachable } from "./failures.ts";
import type { Guard } from "./guard.ts";
import type { NameResolver } from "./resolver.ts";
import type { Host, Target } from "./target.ts";

/** What a connection serves at the moment. */
export interface Occupant {
  /** Called after each read, with what the wire has brought for this occupant. */
  onWireBytes(bytes: number): void;
}

/** How far the connection has come: what a deadline that fires now has to blame. */
type Phase = "resolving" | "connecting" | "securing" | "open";

export interface ConnectRules {
  readonly resolver: NameResolver;
  readonly guard: Guard;
  /** Certificates trusted instead of the well-known ones; PEM. */
  readonly trustedCa?: string;
}

/** What connections to one receiver share. */
export interface Receiver {
  readonly target: Pick<Target, "origin" | "secure" | "port" | "host" | "hostname">;
  /** Idle connections, the last used at the end. */
  readonly idle: Connection[];
  /** TLS session for an abbreviated handshake. */
  session: Buffer | null;
}

type Connected = (...args: [error: null, socket: net.Socket] | [error: Error, socket: null]) => void;

export class Connection {
  readonly receiver: Receiver;
  readonly client: Client;
  readonly #rules: ConnectRules;
  occupant: Occupant | null = null;
  phase: Phase = "resolving";
  /** Answers that came whole over the present socket. */
  answers = 0;
  /** When the present socket was first used; monotonic. */
  openedMs = 0;
  closed = false;
  #socket: net.Socket | null = null;
  #bytesBefore = 0;

  constructor(receiver: Receiver, rules: ConnectRules, onIdleEnd: (connection: Connection) => void) {
    this.receiver = receiver;
    this.#rules = rules;
    this.client = new Client(receiver.target.origin, {
      allowH2: false,
      useMilo: false,
      pipelining: 1,
      maxHeaderSize: ANSWER_HEAD_BYTES_MAX,
      // The exchange has one deadline of its own.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: CONNECTION_IDLE_MS,
      keepAliveMaxTimeout: CONNECTION_AGE_MS_MAX,
      connect: (_options, callback) => {
        const connected = callback as Connected;
        this.#open(connected).catch((error) => connected(new ConnectFailure(connectFailure(error)), null));
      },
    });
    this.client.on("connect", () => this.#socket?.on("readable", () => this.#onRead()));
    this.client.on("disconnect", () => {
      if (this.occupant === null) onIdleEnd(this);
    });
    // undici emits what a handler throws; ours do not, and an error event that nobody hears would end the process.
    (this.client as EventEmitter).on("error", () => this.destroy());
  }

  /** The request is about to be written: what the wire brings from here on belongs to it. */
  begin(): void {
    this.#bytesBefore = this.#socket?.bytesRead ?? 0;
  }

  /** Whether the whole request has left: a receiver that answers early may never read the rest. */
  get drained(): boolean {
    return this.#socket !== null && this.#socket.writableLength === 0;
  }

  /** Close at once. Resolves when the socket is gone. */
  destroy(): Promise<void> {
    this.closed = true;
    this.#socket?.destroy();
    return this.client.destroyed ? Promise.resolve() : this.client.destroy();
  }

  #onRead(): void {
    if (this.occupant !== null && this.#socket !== null) {
      this.occupant.onWireBytes(this.#socket.bytesRead - this.#bytesBefore);
    }
  }

  async #open(connected: Connected): Promise<void> {
    this.phase = "resolving";
    this.answers = 0;
    this.openedMs = 0;
    const checked = await checkedAddresses(this.receiver.target.host, this.#rules);
    if (this.closed) return;
    if (checked.kind !== "checked") return connected(new ConnectFailure(checked), null);
    this.phase = "connecting";
    const socket = this.#dial(checked.addresses);
    this.#socket = socket;
    this.#await(socket, connected);
  }

  #await(socket: net.Socket, connected: Connected): void {
    let settled = false;
    socket.once("connect", () => {
      if (this.receiver.target.secure) this.phase = "securing";
    });
    socket.once(this.receiver.target.secure ? "secureConnect" : "connect", () => {
      settled = true;
      this.phase = "open";
      connected(null, socket);
    });
    // Stays for the socket's whole life, since an error event that nobody hears would end the process.
    socket.on("error", (error) => {
      if (settled) return;
      settled = true;
      const failure = this.phase === "securing" || isTlsError(error) ? tlsFailure(error) : connectFailure(error);
      connected(new ConnectFailure(failure), null);
    });
  }

  #dial(addresses: readonly string[]): net.Socket {
    const { target } = this.receiver;
    const options = {
      host: target.hostname,
      port: target.port,
      noDelay: true,
      // Not asked for a literal address, which was checked already. For a name, the only addresses that the socket ever
      // hears of are those that were checked a moment ago.
      lookup: lookupIn(addresses),
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: ADDRESS_HEAD_START_MS,
    };
    if (!target.secure) return net.connect(options);
    const socket = tls.connect({
      ...options,
      // A literal address is no server name (RFC 6066 §3); the certificate is then compared with `host`.
      servername: net.isIP(target.hostname) === 0 ? target.hostname : "",
      ALPNProtocols: ["http/1.1"],
      ...(this.receiver.session === null ? {} : { session: this.receiver.session }),
      ...(this.#rules.trustedCa === undefined ? {} : { ca: this.#rules.trustedCa }),
    });
    socket.on("session", (session) => {
      this.receiver.session = session;
    });
    return socket;
  }
}

function isTlsError(error: Error): boolean {
  return "code" in error && typeof error.code === "string" && /^(ERR_TLS_|ERR_SSL_)/.test(error.code);
}

/** The host's addresses, all of them checked; nothing when one of them is refused. */
async function checkedAddresses(
  host: Host,
  { resolver, guard }: ConnectRules,
): Promise<Failure | { readonly kind: "checked"; readonly addresses: readonly string[] }> {
  if (host.kind === "addresses") return { kind: "checked", addresses: host.addresses };
  const resolution = await resolver.resolve(host.name);
  if (resolution.kind === "failed") return unreachable(resolution.reason, resolution.detail);
  const refusal = nameRefusal(resolution.addresses, guard);
  if (refusal !== null) return unreachable("address_refused", refusal);
  return { kind: "checked", addresses: resolution.addresses.slice(0, ADDRESSES_TRIED_MAX) };
}

/** Why a name with these addresses is refused, or null. Says the kind of the address, not the address. */
export function nameRefusal(addresses: readonly string[], guard: Guard): string | null {
  for (const address of addresses) {
    const kind = guard.refusal(address);
    if (kind !== null) return `the URL's host name resolves to ${kind}; SIGNALBOX_ALLOW_NETWORKS could allow it`;
  }
  return null;
}

function lookupIn(addresses: readonly string[]): net.LookupFunction {
  const answers = addresses.map((address) => ({ address, family: net.isIP(address) }));
  return (_host, options, callback) => {
    const first = answers[0] as (typeof answers)[number];
    if (options.all) callback(null, answers);
    else callback(null, first.address, first.family);
  };
}
