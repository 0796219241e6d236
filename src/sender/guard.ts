/** The addresses that attempts may reach. Pure: this file resolves no names. */
import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Network = [Address, number];

export interface Guard {
  /** The kind of a refused address, such as "a private address", or null when the address is allowed. */
  refusal(address: string): string | null;
  /**
   * Whether any networks that are refused by default are allowed. If so, names that exist only inside a network are
   * allowed too.
   */
  readonly allowsNetworks: boolean;
  /** The allowed loopback addresses, which `localhost` resolves to. */
  readonly loopback: readonly string[];
}

/**
 * @param allowNetworks validated CIDRs that are allowed although they are refused by default
 */
export function createGuard(allowNetworks: readonly string[]): Guard {
  const allowed = allowNetworks.map(readNetwork);
  const refusal = (text: string): string | null => {
    const address = readAddress(text);
    if (address === null) return "an address that cannot be read";
    const kind = kindOf(address);
    return kind === null || isIn(plain(address), allowed) ? null : kind;
  };
  return {
    refusal,
    allowsNetworks: allowed.length > 0,
    loopback: ["127.0.0.1", "::1"].filter((address) => refusal(address) === null),
  };
}

function readAddress(text: string): Address | null {
  const hex = inHex(text);
  return ipaddr.isValid(hex) ? ipaddr.parse(hex) : null;
}

/** ipaddr.js reads `::127.0.0.1` as `::ffff:127.0.0.1`, so mixed notations are converted to plain ones first. */
function inHex(text: string): string {
  if (!text.includes(":") || !text.includes(".")) return text;
  return URL.parse(`http://[${text}]`)?.hostname.slice(1, -1) ?? text;
}

function readNetwork(text: string): Network {
  const [spelling = "", length = ""] = text.split("/");
  const [address, bits] = ipaddr.parseCIDR(`${inHex(spelling)}/${length}`);
  const v4 = plain(address);
  return v4.kind() === address.kind() ? [address, bits] : [v4, Math.max(0, bits - 96)];
}

/** Convert an IPv4-mapped address to IPv4, so that an allowed IPv4 network applies to both notations. */
function plain(address: Address): Address {
  return address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

function isIn(address: Address, networks: readonly Network[]): boolean {
  return networks.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
}

const networks = (...cidrs: string[]): Network[] => cidrs.map((cidr) => ipaddr.parseCIDR(cidr));

/**
 * The addresses where clouds issue credentials. Most are in ranges that are refused anyway; 168.63.129.16 is a public
 * address.
 */
const CLOUD_METADATA = networks(
  "169.254.169.254/32",
  "169.254.170.2/32",
  "100.100.100.200/32",
  "168.63.129.16/32",
  "192.0.0.192/32",
  "fd00:ec2::254/128",
  "fd20:ce::254/128",
);
const DOCUMENTATION = networks("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "3fff::/20");
const BENCHMARK = networks("198.18.0.0/15", "2001:2::/48");
const IPV4_COMPATIBLE = networks("::/96");
/**
 * All global unicast addresses that IANA has assigned (RFC 4291 §2.4). Anything outside is refused, even if its range
 * is unknown.
 */
const GLOBAL_UNICAST_V6 = networks("2000::/3");

/** The kinds by ipaddr.js's range names. A range that is not listed is reserved. */
const KINDS: Readonly<Record<string, string>> = {
  loopback: "a loopback address",
  private: "a private address",
  uniqueLocal: "a private address",
  linkLocal: "a link-local address",
  carrierGradeNat: "a carrier-grade NAT address",
  multicast: "a multicast address",
  broadcast: "a broadcast address",
  unspecified: "an unspecified address",
  deprecatedSiteLocal: "a site-local address",
  ipv4Mapped: "an IPv4-mapped IPv6 address",
  rfc6145: "an IPv4-translated IPv6 address",
  rfc6052: "a NAT64 address",
  "6to4": "a 6to4 address",
  teredo: "a Teredo address",
};

/** The kind of a refused address, or null for an ordinary public address. */
function kindOf(address: Address): string | null {
  if (isIn(plain(address), CLOUD_METADATA)) return "a cloud metadata address";
  if (isIn(address, DOCUMENTATION)) return "a documentation address";
  if (isIn(address, BENCHMARK)) return "a benchmark address";
  const range = address.range();
  if (range !== "unicast") return KINDS[range] ?? "a reserved address";
  if (address.kind() === "ipv4" || isIn(address, GLOBAL_UNICAST_V6)) return null;
  return isIn(address, IPV4_COMPATIBLE) ? "an IPv4-compatible IPv6 address" : "a reserved address";
}
