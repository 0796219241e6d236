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
  const accept = createConnectionLimit({
    proxies,
    refuse: (socket) => void refused.add(socket),
    connectionsMax: 10,
    perAddressMax: 6,
  });
  const connect = (address: string): Connection => {
    const connection = new Connection(address);
    accept(connection as unknown as Socket);
    return connection;
  };
  return {
    connect,
    /** Opens connections, and returns whether each was accepted. */
    connectTimes: (address: string, count: number) =>
      Array.from({ length: count }, () => {
        const connection = connect(address);
        return !refused.has(connection);
      }),
    isRefused: (connection: Connection) => refused.has(connection),
  };
}

const accepted = (count: number, of = count) => Array.from({ length: of }, (_, index) => index < count);

test("an address has a limit, and closing a connection frees a place", () => {
  const { connect, connectTimes } = opening();
  const first = connect("203.0.113.1");
  assert.deepEqual(connectTimes("203.0.113.1", 6), accepted(5, 6));
  assert.deepEqual(connectTimes("::ffff:203.0.113.1", 1), [false], "the same address, mapped to IPv6");
  assert.deepEqual(connectTimes("203.0.113.2", 1), [true]);
  first.destroy();
  assert.deepEqual(connectTimes("203.0.113.1", 2), [true, false]);
});

test("the addresses of one IPv6 network count together", () => {
  const { connectTimes } = opening();
  assert.deepEqual(connectTimes("2001:db8::1", 4), accepted(4));
  assert.deepEqual(connectTimes("2001:db8::2", 4), accepted(2, 4));
  assert.deepEqual(connectTimes("2001:db8:0:1::2", 1), [true]);
});

test("the limit per address does not apply to proxies and to this machine", () => {
  const { connectTimes } = opening(["10.0.0.0/8", "2001:db8::7/128"]);
  for (const address of ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7", "127.0.0.1", "::1"]) {
    const { connectTimes: connectTo } = opening(["10.0.0.0/8", "2001:db8::7/128"]);
    assert.deepEqual(connectTo(address, 8), accepted(8), address);
  }
  assert.deepEqual(connectTimes("11.1.2.3", 8), accepted(6, 8));
});

test("at the total limit, a new connection replaces the oldest one of the address with the most", () => {
  const { connect, connectTimes, isRefused } = opening();
  const oldest = connect("203.0.113.1");
  const second = connect("203.0.113.1");
  connectTimes("203.0.113.1", 4);
  connectTimes("203.0.113.2", 4);
  const newcomer = connect("203.0.113.3");
  assert.deepEqual([oldest.destroyed, second.destroyed, isRefused(newcomer)], [true, false, false]);
  assert.deepEqual(connectTimes("127.0.0.1", 1), [true]);
  assert.equal(second.destroyed, true);
});

test("an address loses no connection to one that would then have more", () => {
  const { connectTimes } = opening();
  connectTimes("203.0.113.1", 5);
  connectTimes("203.0.113.2", 5);
  // 4, 5, 1; 4, 4, 2; 3, 4, 3 and so on, until all have about the same number.
  assert.deepEqual(connectTimes("203.0.113.3", 5), accepted(3, 5));
});

test("proxies can use the total limit, and never lose a connection", () => {
  const { connectTimes } = opening();
  assert.deepEqual(connectTimes("127.0.0.1", 11), accepted(10, 11));
  assert.deepEqual(connectTimes("203.0.113.1", 1), [false]);
});
