/** Faults in the HTTP client and its guard. */
import type { Mutant } from "./mutant.ts";

export const sender: readonly Mutant[] = [
  {
    fault: "an IPv4 address passes the guard in IPv6 notation",
    file: "src/sender/guard.ts",
    find: "address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() ?",
    replace: "address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && address.parts.length < 0 ?",
    test: "src/sender/guard.test.ts",
  },
  {
    fault: "a cloud's metadata service can be reached",
    file: "src/sender/guard.ts",
    find: "isIn(plain(address), CLOUD_METADATA)",
    replace: "isIn(plain(address), [])",
    test: "src/sender/guard.test.ts",
  },
  {
    fault: "unassigned IPv6 addresses can be reached",
    file: "src/sender/guard.ts",
    find: 'address.kind() === "ipv4" || isIn(address, GLOBAL_UNICAST_V6)',
    replace: "true",
    test: "src/sender/guard.test.ts",
  },
  {
    fault: "tenants share connections",
    file: "src/sender/pool.ts",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is source text
    find: "`${owner} ${target.origin}`",
    replace: "target.origin",
    test: "test/conformance/sender/sender-reuse.test.ts",
  },
  {
    fault: "a connection is used after the receiver said it would close it",
    file: "src/sender/pool.ts",
    find: "return Math.min(idleSeconds * 1000 - KEEP_ALIVE_MARGIN_MS, CONNECTION_AGE_MS_MAX);",
    replace: "return CONNECTION_IDLE_MS;",
    test: "test/conformance/sender/sender-reuse.test.ts",
  },
  {
    fault: "an old connection is never checked against the guard again",
    file: "src/sender/pool.ts",
    find: " && nowMs - connection.openedMs <= CONNECTION_AGE_MS_MAX;",
    replace: ";",
    test: "test/conformance/sender/sender.test.ts",
  },
  {
    fault: "a reset of an idle connection costs an attempt",
    file: "src/sender/exchange.ts",
    find: "else if (this.#wireBytes === 0 && this.#mayRepeat) this.#repeat();",
    replace: "",
    test: "test/conformance/sender/sender-reuse.test.ts",
  },
  {
    fault: "a response whose chunks hold no bytes is read without end",
    file: "src/sender/exchange.ts",
    find: "this.#wireBytes > RESPONSE_WIRE_BYTES_MAX && this.#httpStatus !== 0",
    replace: "false",
    test: "test/conformance/sender/sender-hostile.test.ts",
    only: "an endless body",
  },
];
