/** How many connections there may be, in all and from one address. */
import { BlockList, isIPv6, type Socket } from "node:net";
import { networkOf } from "../../domain/endpoints/network.ts";
import { CONNECTIONS_COUNT_MAX, CONNECTIONS_PER_ADDRESS_COUNT_MAX } from "../http/limits.ts";

export interface ConnectionLimitOptions {
  /** Addresses and networks of proxies, each of which stands for many clients. */
  readonly proxies: readonly string[];
  /** Answers that there are too many, and closes the connection. */
  readonly refuse: (socket: Socket) => void;
  readonly connectionsMax?: number;
  readonly perAddressMax?: number;
}

/**
 * Admits new connections. An address may have only so many, save for proxies and this machine itself. When all places are
 * taken, a newcomer gets one from the address with the most: a flood from a few addresses locks nobody out.
 */
export function createConnectionLimit({
  proxies,
  refuse,
  connectionsMax = CONNECTIONS_COUNT_MAX,
  perAddressMax = CONNECTIONS_PER_ADDRESS_COUNT_MAX,
}: ConnectionLimitOptions): (socket: Socket) => void {
  const isProxy = matcherOf(["127.0.0.0/8", "::1", ...proxies]);
  const trusted = new Set<Socket>();
  /** By network, and in each the oldest first. */
  const others = new Map<string, Set<Socket>>();
  let count = 0;

  function enter(socket: Socket, network: string | null): void {
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

  /** Close a connection of the network that has the most; false when none has more than `own` and the newcomer. */
  function makeRoom(own: number): boolean {
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
    // Closed again already.
    if (remoteAddress === undefined) return;
    const network = isProxy(remoteAddress) ? null : networkOf(remoteAddress);
    const own = network === null ? 0 : (others.get(network)?.size ?? 0);
    if (own >= perAddressMax || (count >= connectionsMax && !makeRoom(own))) refuse(socket);
    else enter(socket, network);
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
