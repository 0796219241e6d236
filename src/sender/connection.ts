/**
 * One connection to one receiver, over TCP or TLS. It carries one exchange at a time and belongs to the pool in
 * between.
 */
import net from "node:net";
import tls from "node:tls";
import { READ_BUFFER_BYTES } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import { type Dial, dial } from "./dial.ts";
import { brokenFailure, type Failure, internalError, tlsFailure, unreachable } from "./failures/failures.ts";
import type { Guard } from "./guard.ts";
import type { WireRequest } from "./request.ts";
import type { NameResolver } from "./resolver.ts";
import type { Target } from "./target.ts";

/** The exchange that currently uses a connection. */
export interface Occupant {
  /** The connection is open, so the request can be written. */
  onOpen(): void;
  /** The connection could not be opened. Nothing was sent. */
  onNotOpened(failure: Failure): void;
  /** `chunk` is only valid during the call. */
  onData(chunk: Buffer): void;
  /** The receiver closed the connection, or the connection broke. No more data follows. */
  onEnded(failure: Failure): void;
}

/** The connection's progress, which determines the error when the deadline passes. */
type Phase = "new" | "resolving" | "connecting" | "securing" | "open";

export interface ConnectRules {
  readonly clock: Clock;
  readonly resolver: NameResolver;
  readonly guard: Guard;
  /** Trusted CA certificates that replace the well-known ones; PEM. */
  readonly trustedCa?: string;
}

/** The state that all connections to one receiver share. */
export interface Receiver {
  readonly target: Pick<Target, "origin" | "secure" | "port" | "host" | "hostname">;
  /** Idle connections, the most recently used last. */
  readonly idle: Connection[];
  /** The TLS session for an abbreviated handshake. */
  session: Buffer | null;
}

/**
 * The read buffer that all plain connections share. The handler of a read must process or copy the bytes before the
 * next one. A separate buffer per read cost a tenth of the time of an attempt.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);

export class Connection {
  readonly receiver: Receiver;
  readonly #rules: ConnectRules;
  readonly #onIdleEnd: (connection: Connection) => void;
  occupant: Occupant | null = null;
  phase: Phase = "new";
  /** Complete responses received over this connection. */
  responses = 0;
  /** When the connection was first returned to the pool; monotonic. */
  openedMs = 0;
  /** When the receiver may close the connection because it is idle; monotonic. */
  idleUntilMs = 0;
  closed = false;
  /** When each phase of opening began; monotonic. A phase that has not begun is null. */
  readonly began: Record<"resolving" | "connecting" | "securing" | "open", number | null> = {
    resolving: null,
    connecting: null,
    securing: null,
    open: null,
  };
  #dial: Dial | null = null;
  #socket: net.Socket | null = null;

  constructor(receiver: Receiver, rules: ConnectRules, onIdleEnd: (connection: Connection) => void) {
    this.receiver = receiver;
    this.#rules = rules;
    this.#onIdleEnd = onIdleEnd;
  }

  /** Resolve the name, check its addresses, and connect. Then notify the occupant. */
  open(): void {
    const { host } = this.receiver.target;
    if (host.kind === "addresses") {
      this.#connect(host.addresses);
      return;
    }
    this.#begin("resolving");
    this.#resolve(host.name).catch((error) => this.#notOpened(internalError(error)));
  }

  write({ head, body, plain }: WireRequest): void {
    const socket = this.#socket as net.Socket;
    // A single write, so that a typical request leaves in one packet.
    if (plain) {
      socket.write(head + body, "utf8");
      return;
    }
    socket.cork();
    socket.write(head, "latin1");
    socket.write(body, "utf8");
    socket.uncork();
  }

  /** Whether the whole request was sent. A receiver that responds early may never read the rest. */
  get drained(): boolean {
    return this.#socket !== null && this.#socket.writableLength === 0;
  }

  /** Close immediately, without further notifications to the occupant. */
  destroy(): void {
    this.closed = true;
    this.#dial?.cancel();
    this.#socket?.destroy();
  }

  #begin(phase: keyof Connection["began"]): void {
    this.phase = phase;
    this.began[phase] = this.#rules.clock.monotonicMs();
  }

  async #resolve(name: string): Promise<void> {
    const { resolver, guard } = this.#rules;
    const resolution = await resolver.resolve(name);
    if (resolution.kind === "failed") return this.#notOpened(unreachable(resolution.reason, resolution.detail));
    // A single refused address is enough. A name that mixes allowed and refused addresses is designed to bypass this
    // check.
    const refusal = nameRefusal(resolution.addresses, guard);
    if (refusal !== null) return this.#notOpened(unreachable("address_refused", refusal));
    this.#connect(resolution.addresses);
  }

  /**
   * @param addresses checked addresses; the sockets connect to no others
   */
  #connect(addresses: readonly string[]): void {
    if (this.closed) return;
    const { target } = this.receiver;
    this.#begin("connecting");
    this.#dial = dial({
      addresses,
      port: target.port,
      clock: this.#rules.clock,
      ...(target.secure ? {} : { onread: this.#intoSharedBuffer() }),
      onConnected: (socket) => (target.secure ? this.#secure(socket) : this.#opened(socket)),
      onFailed: (failure) => this.#notOpened(failure),
    });
  }

  #secure(transport: net.Socket): void {
    const { target, session } = this.receiver;
    this.#begin("securing");
    const socket = tls.connect({
      socket: transport,
      // A literal address is not a valid server name (RFC 6066 §3), so the certificate is compared with `host`.
      host: target.hostname,
      servername: net.isIP(target.hostname) === 0 ? target.hostname : "",
      ALPNProtocols: ["http/1.1"],
      ...(session === null ? {} : { session }),
      ...(this.#rules.trustedCa === undefined ? {} : { ca: this.#rules.trustedCa }),
    });
    this.#socket = socket;
    socket.on("session", (fresh) => {
      this.receiver.session = fresh;
    });
    // This listener stays for the socket's whole life, like the one in `dial`.
    socket.on("error", (error) => {
      if (this.phase === "securing") this.#notOpened(tlsFailure(error, asksForCertificate(socket)));
    });
    socket.once("secureConnect", () => this.#opened(socket));
  }

  #opened(socket: net.Socket): void {
    this.#dial = null;
    this.#socket = socket;
    this.#begin("open");
    if (this.receiver.target.secure) socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("end", () => this.#ended(null));
    socket.on("error", (error) => this.#ended(error));
    socket.on("close", () => this.#ended(null));
    this.occupant?.onOpen();
  }

  #intoSharedBuffer(): net.OnReadOpts {
    return {
      buffer: READ_BUFFER,
      callback: (bytes) => {
        this.#read(READ_BUFFER.subarray(0, bytes));
        return true;
      },
    };
  }

  #read(chunk: Buffer): void {
    if (this.occupant !== null) this.occupant.onData(chunk);
    // No request is pending. These bytes must never become the response to the next request.
    else this.#ended(null);
  }

  #notOpened(failure: Failure): void {
    if (!this.closed) this.occupant?.onNotOpened(failure);
  }

  #ended(error: Error | null): void {
    if (this.closed) return;
    if (this.occupant === null) {
      this.#onIdleEnd(this);
      return;
    }
    const wantsCertificate = this.responses === 0 && asksForCertificate(this.#socket);
    this.occupant.onEnded(brokenFailure(error, wantsCertificate));
  }
}

/**
 * Whether the receiver requested a client certificate in its handshake. Only then does a client learn the signature
 * algorithms that both sides share. In TLS 1.3, our side of the handshake completes before the receiver notices that
 * the certificate is missing, and many receivers then simply close the connection.
 */
function asksForCertificate(socket: net.Socket | null): boolean {
  return socket instanceof tls.TLSSocket && (socket.getSharedSigalgs()?.length ?? 0) > 0;
}

/**
 * Why a name with these addresses is refused, or null. The text contains the kind of the address, not the address
 * itself.
 */
export function nameRefusal(addresses: readonly string[], guard: Guard): string | null {
  for (const address of addresses) {
    const kind = guard.refusal(address);
    if (kind !== null)
      return `the URL's host name resolves to ${kind}; add its network to SIGNALBOX_ALLOW_NETWORKS to allow it`;
  }
  return null;
}
