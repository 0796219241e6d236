/** Open a TCP connection to one of several addresses, which race (RFC 8305). */
import net from "node:net";
import { ADDRESS_HEAD_START_MS, ADDRESSES_TRIED_MAX } from "../domain/limits.ts";
import type { Clock, Timer } from "../ports/clock.ts";
import { connectFailure, type Failure } from "./failures/failures.ts";

export interface Dial {
  /** Abort all connection attempts. */
  cancel(): void;
}

interface DialOptions {
  /**
   * At least one address; all of them were checked. The first `ADDRESSES_TRIED_MAX` are tried, alternating between IPv4
   * and IPv6.
   */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly clock: Clock;
  /** The buffer and callback for the socket's reads. With it, the socket emits no data events. */
  readonly onread?: net.OnReadOpts;
  onConnected(socket: net.Socket): void;
  /** Every address has failed. */
  onFailed(failure: Failure): void;
}

/**
 * Start with the first address. The next one is tried when the latest has failed, or has not connected within
 * `ADDRESS_HEAD_START_MS`. Attempts continue in parallel until one of them connects.
 */
export function dial({ addresses, port, clock, onread, onConnected, onFailed }: DialOptions): Dial {
  const waiting = alternating(addresses).slice(0, ADDRESSES_TRIED_MAX);
  const running = new Set<net.Socket>();
  const errors: Error[] = [];
  let timer: Timer | null = null;

  function next(): void {
    timer?.cancel();
    timer = null;
    const address = waiting.shift();
    if (address === undefined) {
      if (running.size === 0) onFailed(connectFailure(errors));
      return;
    }
    if (waiting.length > 0) timer = clock.after(ADDRESS_HEAD_START_MS, next);
    tryOne(address);
  }

  function tryOne(address: string): void {
    const socket = net.connect({ host: address, port, noDelay: true, ...(onread === undefined ? {} : { onread }) });
    running.add(socket);
    // This listener stays for the socket's whole life, because an unhandled error event would end the process.
    socket.on("error", (error) => {
      if (!running.delete(socket)) return;
      errors.push(error);
      next();
    });
    socket.once("connect", () => {
      running.delete(socket);
      cancel();
      onConnected(socket);
    });
  }

  function cancel(): void {
    timer?.cancel();
    waiting.length = 0;
    for (const socket of running) socket.destroy();
    running.clear();
  }

  next();
  return { cancel };
}

/** Alternate between IPv4 and IPv6, starting with the family of the first address (RFC 8305 §4). */
function alternating(addresses: readonly string[]): string[] {
  if (addresses.length < 2) return [...addresses];
  const first = net.isIP(addresses[0] as string);
  const same = addresses.filter((address) => net.isIP(address) === first);
  const others = addresses.filter((address) => net.isIP(address) !== first);
  return same.flatMap((address, i) => [address, ...others.slice(i, i + 1)]).concat(others.slice(same.length));
}
