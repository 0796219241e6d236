import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { createConnectionLimit } from "./connection-limit.ts";

class Connection extends EventEmitter {
  destroyed = false;
  readonly remoteAddress: string;
  constructor(remoteAddress: string) {
    super();
    this.remoteAddress = remoteAddress;
  }
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close");
  }
}

function opening(proxies: readonly string[] = []) {
  const refused = new Set<unknown>();
  const door = createConnectionLimit({
    proxies,
    refuse: (socket) => void refused.add(socket),
    connectionsMax: 10,
    perAddressMax: 6,
  });
  const come = (address: string): Connection => {
    const connection = new Connection(address);
    door(connection as unknown as Socket);
    return connection;
  };
  return {
    come,
    /** Whether each of so many gets in. */
    comeAs: (address: string, count: number) =>
      Array.from({ length: count }, () => {
        const connection = come(address);
        return !refused.has(connection);
      }),
    isRefused: (connection: Connection) => refused.has(connection),
  };
}

const admitted = (count: number, of = count) => Array.from({ length: of }, (_, index) => index < count);

test("an address has so many connections, and one that closes makes room", () => {
  const { come, comeAs } = opening();
  const first = come("203.0.113.1");
  assert.deepEqual(comeAs("203.0.113.1", 6), admitted(5, 6));
  assert.deepEqual(comeAs("::ffff:203.0.113.1", 1), [false], "the same address in IPv6's form");
  assert.deepEqual(comeAs("203.0.113.2", 1), [true]);
  first.destroy();
  assert.deepEqual(comeAs("203.0.113.1", 2), [true, false]);
});

test("the addresses of one IPv6 network count together", () => {
  const { comeAs } = opening();
  assert.deepEqual(comeAs("2001:db8::1", 4), admitted(4));
  assert.deepEqual(comeAs("2001:db8::2", 4), admitted(2, 4));
  assert.deepEqual(comeAs("2001:db8:0:1::2", 1), [true]);
});

test("proxies and this machine are not counted by address", () => {
  const { comeAs } = opening(["10.0.0.0/8", "2001:db8::7/128"]);
  for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7", "127.0.0.1", "::1"]) {
    const { comeAs: come } = opening(["10.0.0.0/8", "2001:db8::7/128"]);
    assert.deepEqual(come(address, 8), admitted(8), address);
  }
  assert.deepEqual(comeAs("11.1.2.3", 8), admitted(6, 8));
});

test("when all places are taken a newcomer gets the oldest of the address with the most", () => {
  const { come, comeAs, isRefused } = opening();
  const oldest = come("203.0.113.1");
  const second = come("203.0.113.1");
  comeAs("203.0.113.1", 4);
  comeAs("203.0.113.2", 4);
  const newcomer = come("203.0.113.3");
  assert.deepEqual([oldest.destroyed, second.destroyed, isRefused(newcomer)], [true, false, false]);
  assert.deepEqual(comeAs("127.0.0.1", 1), [true]);
  assert.equal(second.destroyed, true);
});

test("nobody loses a place to an address that would then have more", () => {
  const { comeAs } = opening();
  comeAs("203.0.113.1", 5);
  comeAs("203.0.113.2", 5);
  // 4, 5, 1; 4, 4, 2; 3, 4, 3 and so on, until each has about as many.
  assert.deepEqual(comeAs("203.0.113.3", 5), admitted(3, 5));
});

test("proxies alone may fill all places, and lose none", () => {
  const { comeAs } = opening();
  assert.deepEqual(comeAs("127.0.0.1", 11), admitted(10, 11));
  assert.deepEqual(comeAs("203.0.113.1", 1), [false]);
});
