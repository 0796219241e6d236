/** Group client addresses into networks, for rate limits. */

const IPV4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;
const ADDRESS_GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * The network that an address counts towards. One machine often controls a whole IPv6 /64, so an IPv6 address counts as
 * its /64. An IPv4-mapped address counts as the IPv4 address. Text that is not an address is returned unchanged.
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [bare = ""] = address.toLowerCase().split("%");
  const mapped = IPV4_MAPPED.exec(bare)?.[1];
  return mapped ?? `${groupsOf(bare).slice(0, NETWORK_GROUPS).join(":")}::/64`;
}

/** The address's groups without leading zeros. */
function groupsOf(address: string): readonly string[] {
  const [head, tail] = address.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const [before, after] = [head ?? [], tail ?? []];
  const zeros = tail === undefined ? 0 : Math.max(0, ADDRESS_GROUPS - before.length - after.length);
  return [...before, ...Array.from({ length: zeros }, () => "0"), ...after].map((group) =>
    group.replace(/^0+(?=.)/, ""),
  );
}
