import assert from "node:assert/strict";
import { test } from "node:test";
import { createGuard } from "./guard.ts";

const REFUSED: ReadonlyArray<readonly [kind: RegExp, addresses: readonly string[]]> = [
  [/loopback/, ["127.0.0.1", "127.255.255.254", "::1"]],
  [/private/, ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12:3456::1"]],
  [/link-local/, ["169.254.0.1", "fe80::1", "febf::1"]],
  [/carrier-grade NAT/, ["100.64.0.1", "100.127.255.255"]],
  [/multicast/, ["224.0.0.1", "239.255.255.255", "ff02::1"]],
  [/broadcast/, ["255.255.255.255"]],
  [/unspecified/, ["0.0.0.0", "0.1.2.3", "::"]],
  [/documentation/, ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"]],
  [/benchmark/, ["198.18.0.1", "198.19.255.255", "2001:2::1"]],
  [/cloud metadata/, ["169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254"]],
  [/cloud metadata/, ["::ffff:169.254.169.254"]],
  [/reserved/, ["240.0.0.1", "192.0.0.1", "192.88.99.1", "100::1", "5f00::1", "4000::1", "2001:20::1", "e000::1"]],
  [/IPv4-mapped/, ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:808:808"]],
  [/IPv4-compatible/, ["::127.0.0.1", "::8.8.8.8"]],
  [/IPv4-translated/, ["::ffff:0:127.0.0.1"]],
  [/NAT64/, ["64:ff9b::7f00:1", "64:ff9b::8.8.8.8", "64:ff9b:1::1"]],
  [/6to4/, ["2002:7f00:1::", "2002:808:808::1"]],
  [/Teredo/, ["2001:0:4136:e378::1"]],
  [/site-local/, ["fec0::1"]],
  [/cannot be read/, ["", "localhost", "1.2.3.4.5"]],
];

test("addresses that are not public are refused, and the refusal names their kind", () => {
  const guard = createGuard([]);
  for (const [kind, addresses] of REFUSED) {
    for (const address of addresses) assert.match(guard.refusal(address) ?? "allowed", kind, address);
  }
  assert.deepEqual(guard.loopback, []);
});

test("public addresses are allowed", () => {
  const guard = createGuard([]);
  const addresses = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2606:4700::1", "2a00:1450::1"];
  for (const address of addresses) assert.equal(guard.refusal(address), null, address);
});

test("an allowed network allows its addresses and no others", () => {
  const guard = createGuard(["127.0.0.0/8", "10.1.0.0/16", "fd00::/8"]);
  for (const address of ["127.0.0.1", "10.1.2.3", "fd00::1"]) assert.equal(guard.refusal(address), null, address);
  for (const address of ["10.2.0.1", "::1", "fc00::1", "64:ff9b::7f00:1", "::127.0.0.1", "2002:7f00:1::"]) {
    assert.notEqual(guard.refusal(address), null, address);
  }
  assert.deepEqual(guard.loopback, ["127.0.0.1"]);
  assert.deepEqual(createGuard(["::1/128"]).loopback, ["::1"]);
});

test("an allowed IPv4 network applies to IPv4-mapped notation, in the network and in the address", () => {
  assert.equal(createGuard(["127.0.0.0/8"]).refusal("::ffff:127.0.0.1"), null);
  assert.equal(createGuard(["::ffff:127.0.0.0/104"]).refusal("127.0.0.1"), null);
  assert.equal(createGuard(["::ffff:127.0.0.0/104"]).refusal("::ffff:7f00:1"), null);
  assert.notEqual(createGuard(["::ffff:127.0.0.0/104"]).refusal("10.0.0.1"), null);
});
