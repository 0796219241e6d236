/** The limits on open connections, in total and per address. */
import { BlockList, isIPv6, type Socket } from "node:net";
import { networkOf } from "../../domain/endpoints/network.ts";
import { CONNECTIONS_COUNT_MAX, CONNECTIONS_PER_ADDRESS_COUNT_MAX } from "../http/limits.ts";

export interface ConnectionLimitOptions {
  /** Addresses and networks of proxies. A proxy connects on behalf of many clients. */
  readonly proxies: readonly string[];
  /** Responds that there are too many connections, and closes the connection. */
  readonly refuse: (socket: Socket) => void;
  readonly connectionsMax?: number;
  readonly perAddressMax?: number;
}

/**
 * A listener that accepts new connections. The limit per address does not apply to proxies and to this machine. When the
 * total limit is reached, a new connection replaces the oldest one of the address with the most connections, so that a flood
 * from a few addresses does not lock anybody out.
 */
export function createConnectionLimit({
  proxies,
  refuse,
  connectionsMax = CONNECTIONS_COUNT_MAX,
  perAddressMax = CONNECTIONS_PER_ADDRESS_COUNT_MAX,
}: ConnectionLimitOptions): (socket: Socket) => void {
  const isProxy = matcherOf(["127.0.0.0/8", "::1", ...proxies]);
  const trusted = new Set<Socket>();
  /** By network. The sockets of each are in the order of their arrival. */
  const others = new Map<string, Set<Socket>>();
  let count = 0;

  function accept(socket: Socket, network: string | null): void {
    const group = network === null ? trusted : (others.get(network) ?? new Set());
    if (network !== null) others.set(network, group.add(socket));
    else group.add(socket);
    count += 1;
    socket.once("close", () => {
      if (!group.delete(socket)) return;
      count -= 1;
      if (network !== null && group.size === 0) others.delete(network);
    });
  }

  /**
   * Close the oldest connection of the network with the most.
   *
   * @param own the connections of the new connection's network
   * @returns false if no network has more than the new connection's would have
   */
  function evict(own: number): boolean {
    let largest: Set<Socket> | undefined;
    for (const group of others.values()) if (group.size > (largest?.size ?? 0)) largest = group;
    const [oldest] = largest ?? [];
    if (largest === undefined || oldest === undefined || largest.size <= own + 1) return false;
    largest.delete(oldest);
    count -= 1;
    oldest.destroy();
    return true;
  }

  return (socket) => {
    const { remoteAddress } = socket;
    // Already closed.
    if (remoteAddress === undefined) return;
    const network = isProxy(remoteAddress) ? null : networkOf(remoteAddress);
    const own = network === null ? 0 : (others.get(network)?.size ?? 0);
    if (own >= perAddressMax || (count >= connectionsMax && !evict(own))) refuse(socket);
    else accept(socket, network);
  };
}

/** @param networks addresses, and networks in CIDR notation */
function matcherOf(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return (address) => list.check(address, isIPv6(address) ? "ipv6" : "ipv4");
}
