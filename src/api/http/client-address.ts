/** The address of the client: wrong passwords and rejected webhooks are counted and recorded by it. */
import { isIP } from "node:net";
import type { FastifyRequest } from "fastify";
import ipaddr from "ipaddr.js";
import { FORWARDED_ELEMENTS_COUNT_MAX } from "./limits.ts";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

export type ClientAddress = (request: Pick<FastifyRequest, "raw">) => string;

/**
 * Without trusted proxies, the client's address is that of the connection. Each proxy appends the address of its own client
 * to `X-Forwarded-For`. If a trusted proxy sends the header, it is read from its end, until an address is not trusted. An
 * element that is not an address ends the search: the client is then the proxy that wrote it.
 *
 * @param trusted addresses and CIDRs, already validated
 */
export function createClientAddress(trusted: readonly string[]): ClientAddress {
  const networks = trusted.map(readNetwork);
  const isTrusted = (address: Address): boolean =>
    networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
  return ({ raw: { socket, headers } }) => {
    const peer = socket.remoteAddress ?? "";
    if (networks.length === 0) return MAPPED.exec(peer)?.[1] ?? peer;
    let last = parseAddress(peer);
    if (last === null) return peer;
    for (const element of lastElements(String(headers["x-forwarded-for"] ?? ""))) {
      if (!isTrusted(last)) break;
      if (element === "") continue;
      const next = forwardedAddress(element);
      if (next === null) break;
      last = next;
    }
    return last.toString();
  };
}

function readNetwork(cidr: string): Network {
  const [network, bits] = ipaddr.parseCIDR(cidr.includes("/") ? cidr : `${cidr}/${isIP(cidr) === 4 ? 32 : 128}`);
  const plain = plainAddress(network);
  return plain.kind() === network.kind() ? [network, bits] : [plain, Math.max(0, bits - 96)];
}

/** The last elements, from the end. Their number is limited, so that a header of nothing but commas is cheap. */
function* lastElements(header: string): Generator<string> {
  let end = header.length;
  for (let count = 0; count < FORWARDED_ELEMENTS_COUNT_MAX && end >= 0; count += 1) {
    const comma = end === 0 ? -1 : header.lastIndexOf(",", end - 1);
    yield header.slice(comma + 1, end).trim();
    end = comma;
  }
}

const MAPPED = /^::ffff:([\d.]+)$/;
const BRACKETED = /^\[([^\]]*)\](?::\w+)?$/;
const V4_WITH_PORT = /^([\d.]+):\w+$/;
const V6_WITH_PORT = /^((?:[\da-f]{1,4}:){7}[\da-f]{1,4}):\d+$/i;
const QUOTED = /^"([^"]*)"$/;

/**
 * The address of one element in any of the forms that proxies write: `203.0.113.9`, `203.0.113.9:52114`, `2001:db8::1`,
 * `[2001:db8::1]`, `[2001:db8::1]:443`, and `for="[2001:db8::1]:443";proto=https` (RFC 7239). Null for anything else, such
 * as `unknown` or `_hidden`.
 */
export function forwardedAddress(element: string): Address | null {
  const parameters = element.split(";").map((parameter) => parameter.trim());
  const named = parameters.find((parameter) => /^for=/i.test(parameter))?.slice("for=".length);
  const node = named ?? element;
  const bare = QUOTED.exec(node)?.[1] ?? node;
  const text = BRACKETED.exec(bare)?.[1] ?? V4_WITH_PORT.exec(bare)?.[1] ?? V6_WITH_PORT.exec(bare)?.[1] ?? bare;
  return parseAddress(text);
}

/** The zone of an address is dropped, since it names an interface of another machine. */
function parseAddress(text: string): Address | null {
  const [address = ""] = text.split("%", 1);
  return isIP(address) === 0 ? null : plainAddress(ipaddr.parse(address));
}

/** Converts an IPv4-mapped address to the IPv4 address. */
function plainAddress(address: Address): Address {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}
