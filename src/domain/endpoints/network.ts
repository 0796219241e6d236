/** Whom to count together that comes from an address. */

const IPV4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/;
const ADDRESS_GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * One machine has a whole IPv6 network of 64 bits to itself; an IPv4 address in IPv6's clothes is that address. Whatever
 * is no address is taken as it is.
 */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [bare = ""] = address.toLowerCase().split("%");
  const mapped = IPV4_MAPPED.exec(bare)?.[1];
  return mapped ?? `${groupsOf(bare).slice(0, NETWORK_GROUPS).join(":")}::/64`;
}

/** Each without its leading zeros. */
function groupsOf(address: string): readonly string[] {
  const [head, tail] = address.split("::").map((part) => (part === "" ? [] : part.split(":")));
  const [before, after] = [head ?? [], tail ?? []];
  const zeros = tail === undefined ? 0 : Math.max(0, ADDRESS_GROUPS - before.length - after.length);
  return [...before, ...Array.from({ length: zeros }, () => "0"), ...after].map((group) =>
    group.replace(/^0+(?=.)/, ""),
  );
}
