import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FastifyRequest } from "fastify";
import { createClientAddress, forwardedAddress } from "./client-address.ts";

type Request = Pick<FastifyRequest, "raw">;

function requestFrom(peer: string | undefined, forwarded?: string): Request {
  const headers = forwarded === undefined ? {} : { "x-forwarded-for": forwarded };
  return { raw: { socket: { remoteAddress: peer }, headers } } as unknown as Request;
}

const addressOf = createClientAddress(["10.0.0.0/8", "::1/128", "fd00::/8"]);

describe("an element of X-Forwarded-For", () => {
  it("has its address in any of the forms that proxies write", () => {
    const forms: Readonly<Record<string, readonly string[]>> = {
      "203.0.113.9": [
        "203.0.113.9",
        "203.0.113.9:52114",
        "203.0.113.9:_port",
        '"203.0.113.9"',
        '"203.0.113.9:52114"',
        "for=203.0.113.9",
        "For=203.0.113.9:1;proto=https;by=10.0.0.1",
        'proto=http; for="203.0.113.9:52114"',
        "::ffff:203.0.113.9",
        "[::ffff:203.0.113.9]:443",
        "::ffff:cb00:7109",
        "[203.0.113.9]:80",
      ],
      "2001:db8::1": [
        "2001:db8::1",
        "2001:DB8:0:0::0001",
        "[2001:db8::1]",
        "[2001:db8::1]:443",
        '"[2001:db8::1]:443"',
        'for="[2001:db8::1]:443"',
        "2001:db8:0:0:0:0:0:1:443",
        "2001:db8::1%eth0",
        "[2001:db8::1%25eth0]:443",
      ],
    };
    for (const [address, spellings] of Object.entries(forms)) {
      for (const spelling of spellings) assert.equal(forwardedAddress(spelling)?.toString(), address, spelling);
    }
  });

  it("has no address if it is obfuscated, or something else", () => {
    const none = [
      "unknown",
      "_hidden",
      "for=unknown",
      'for="_gazonk:1"',
      "",
      "203.0.113",
      "1",
      "0x7f000001",
      "010.0.0.1",
    ];
    for (const text of [
      ...none,
      "203.0.113.9.1",
      "example.com",
      "[]",
      "[::1",
      "a:b",
      ":::",
      "203.0.113.9 1",
      "[x]:1",
    ]) {
      assert.equal(forwardedAddress(text), null, text);
    }
  });
});

describe("the address of a request", () => {
  it("is that of the connection unless a trusted proxy says otherwise", () => {
    assert.equal(createClientAddress([])(requestFrom("10.0.0.1", "203.0.113.9")), "10.0.0.1");
    assert.equal(addressOf(requestFrom("192.0.2.1", "203.0.113.9")), "192.0.2.1");
    assert.equal(addressOf(requestFrom("10.0.0.1")), "10.0.0.1");
    assert.equal(addressOf(requestFrom(undefined, "203.0.113.9")), "");
  });

  it("is the last one that is not a trusted proxy", () => {
    const cases: readonly (readonly [peer: string, forwarded: string, address: string])[] = [
      ["10.0.0.1", "203.0.113.9:52114", "203.0.113.9"],
      ["::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"],
      ["::1", "1.1.1.1, 203.0.113.9:1, 10.0.0.2", "203.0.113.9"],
      ["fd00::1", "1.1.1.1,[2001:db8::1]:443,[fd00::2]:9,10.1.1.1:80", "2001:db8::1"],
      ["10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"],
      ["10.0.0.1", " , 203.0.113.9 ,, ", "203.0.113.9"],
    ];
    for (const [peer, forwarded, address] of cases)
      assert.equal(addressOf(requestFrom(peer, forwarded)), address, forwarded);
  });

  it("is that of the proxy if the header has no address", () => {
    for (const forwarded of ["unknown", "1.1.1.1, _hidden", "", "1.1.1.1, x'; DROP", ",".repeat(16_384)]) {
      assert.equal(addressOf(requestFrom("10.0.0.1", forwarded)), "10.0.0.1", forwarded);
    }
    assert.equal(addressOf(requestFrom("10.0.0.1", "1.1.1.1, unknown, 10.0.0.2:80")), "10.0.0.2");
  });

  it("is searched in a limited part of the header", () => {
    assert.equal(addressOf(requestFrom("10.0.0.1", `203.0.113.9${", 10.0.0.2".repeat(1000)}`)), "10.0.0.2");
  });

  it("matches an IPv4 network in either notation", () => {
    const mapped = createClientAddress(["::ffff:10.0.0.0/104", "192.0.2.7"]);
    for (const peer of ["10.0.0.1", "::ffff:10.0.0.1", "192.0.2.7"]) {
      assert.equal(mapped(requestFrom(peer, "203.0.113.9")), "203.0.113.9", peer);
    }
  });
});
