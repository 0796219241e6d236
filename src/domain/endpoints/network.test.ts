import assert from "node:assert/strict";
import { test } from "node:test";
import { networkOf } from "./network.ts";

test("all addresses of an IPv6 /64 are one network, in any notation", () => {
  const one = networkOf("2001:db8:1:2:3::4");
  for (const same of ["2001:db8:1:2:ffff::1", "2001:DB8:0001:2::", "2001:db8:1:2:a:b:c:d", "2001:db8:1:2::9%eth0"]) {
    assert.equal(networkOf(same), one, same);
  }
  for (const other of ["2001:db8:1:3::4", "2001:db8::1:2:3:4", "2001:db8:1::2:3"]) {
    assert.notEqual(networkOf(other), one, other);
  }
  assert.equal(networkOf("::1"), networkOf("0:0:0:0:0:0:0:2"));
  assert.notEqual(networkOf("fe80::1"), networkOf("::1"));
});

test("an IPv4 address is returned unchanged, also when it is IPv4-mapped, and so is text that is not an address", () => {
  assert.equal(networkOf("192.0.2.1"), "192.0.2.1");
  assert.equal(networkOf("::ffff:192.0.2.1"), "192.0.2.1");
  assert.notEqual(networkOf("::ffff:192.0.2.1"), networkOf("::ffff:192.0.2.2"));
  assert.equal(networkOf("nonsense"), "nonsense");
  assert.equal(networkOf(""), "");
});
