/** Hostile and broken receivers: each has one clear outcome and a bounded cost. */
import assert from "node:assert/strict";
import net from "node:net";
import { type TestContext, test } from "node:test";
import type { Outcome } from "../../../src/domain/delivery/delivery.ts";
import { RESPONSE_BODY_BYTES_MAX } from "../../../src/domain/limits.ts";
import { answer, type Behaviour, OK, post, startReceiver, startSender } from "../../fixtures/receiver.ts";

/** For attempts that end at their timeout: long enough to connect on a busy machine. */
const TIMEOUT_MS = 500;
/** For attempts that must end before their timeout. */
const NEVER_MS = 60_000;
/** The bytes that the socket buffers on both sides may hold in addition to those that the sender read. */
const BUFFERED_BYTES_MAX = 16 * 1024 * 1024;

interface Attempt {
  readonly outcome: Outcome;
  readonly tookMs: number;
  readonly bytesWritten: number;
  readonly connections: number;
}

async function attempt(context: TestContext, behaviour: Behaviour, timeoutMs = TIMEOUT_MS): Promise<Attempt> {
  const receiver = await startReceiver(context, behaviour);
  const sender = startSender(context);
  const startedMs = performance.now();
  const outcome = await post(sender, receiver, { timeoutMs });
  const tookMs = performance.now() - startedMs;
  return { outcome, tookMs, bytesWritten: receiver.bytesWritten(), connections: receiver.connections() };
}

const reasonOf = ({ outcome }: Attempt): string => (outcome.kind === "unreachable" ? outcome.reason : outcome.kind);

/** Write pieces until the socket closes, as fast as the sender reads, or one every `everyMs`. */
function endless(socket: net.Socket, piece: string, everyMs = 0): void {
  const write = () => {
    if (socket.destroyed) return;
    const ready = socket.write(piece);
    // tidy-allow timer: the test needs a slow receiver
    if (everyMs > 0) setTimeout(write, everyMs).unref();
    else if (ready) setImmediate(write);
    else socket.once("drain", write);
  };
  write();
}

test("a receiver that accepts and never answers causes a response timeout", async (context) => {
  const seen = await attempt(context, () => undefined);
  assert.equal(reasonOf(seen), "response_timeout");
  assert.ok(seen.tookMs >= TIMEOUT_MS);
});

test("a head that arrives one byte at a time causes a response timeout", async (context) => {
  const seen = await attempt(context, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nx-slow: ");
    endless(socket, "a", 10);
  });
  assert.equal(reasonOf(seen), "response_timeout");
});

const ENDLESS_HEADS: Record<string, (socket: net.Socket) => void> = {
  "many headers": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n");
    endless(socket, `x-more: ${"a".repeat(1000)}\r\n`);
  },
  "one header": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\nx-more: ");
    endless(socket, "a".repeat(1000));
  },
  "a status line": (socket) => {
    socket.write("HTTP/1.1 200 ");
    endless(socket, "a".repeat(1000));
  },
  "empty lines before it": (socket) => endless(socket, "\r\n".repeat(1000)),
};

for (const [name, behaviour] of Object.entries(ENDLESS_HEADS)) {
  test(`an endless head is refused at 16 KB: ${name}`, async (context) => {
    const seen = await attempt(context, behaviour, NEVER_MS);
    assert.equal(reasonOf(seen), "answer_head_too_large");
    assert.ok(seen.bytesWritten < BUFFERED_BYTES_MAX);
  });
}

test("a head of just under 16 KB is accepted", async (context) => {
  const head = `HTTP/1.1 200 OK\r\nx-large: ${"a".repeat(16_000)}\r\ncontent-length: 2\r\n\r\n`;
  assert.equal(reasonOf(await attempt(context, answer(`${head}ok`), NEVER_MS)), "answered");
});

test("a limited number of interim responses is accepted, and more are a protocol error", async (context) => {
  const hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n";
  assert.equal(reasonOf(await attempt(context, answer(hints.repeat(8) + OK), NEVER_MS)), "answered");
  assert.equal(reasonOf(await attempt(context, answer(hints.repeat(100) + OK), NEVER_MS)), "protocol_error");
  const processing = "HTTP/1.1 102 Processing\r\n\r\n";
  assert.equal(
    reasonOf(await attempt(context, (socket) => endless(socket, processing, 5), NEVER_MS)),
    "protocol_error",
  );
});

test("a hundred 100 Continue responses end at once with a protocol error", async (context) => {
  const seen = await attempt(context, answer("HTTP/1.1 100 Continue\r\n\r\n".repeat(100) + OK), NEVER_MS);
  assert.equal(reasonOf(seen), "protocol_error");
});

test("an unrequested protocol switch is a protocol error", async (context) => {
  const switching = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
  assert.equal(reasonOf(await attempt(context, answer(switching), NEVER_MS)), "protocol_error");
});

test("a response that is not HTTP is a protocol error", async (context) => {
  const answers = [
    "SSH-2.0-OpenSSH_9.9\r\n",
    "HTTP/1.1 OK\r\n\r\n",
    "HTTP/9.9 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello",
    "HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx-nul: a\u0000b\r\n\r\n",
    "\u0000\u0001\u0002\u0003",
    "\u0015\u0003\u0003\u0000\u0002\u0002\u0050",
  ];
  for (const bytes of answers) {
    const seen = await attempt(context, answer(bytes), NEVER_MS);
    assert.equal(reasonOf(seen), "protocol_error", JSON.stringify(bytes));
  }
});

test("unusual but valid heads are read: repeated, empty and oddly named headers", async (context) => {
  const head = [
    "HTTP/1.1 200",
    "set-cookie: a=1",
    "set-cookie: b=2",
    "x-same: 1",
    "X-Same: 2",
    "__proto__: 1",
    "__proto__: 2",
    "constructor: x",
    "toString: x",
    "x-empty:",
    "x-latin: caf\u00e9",
    "content-length: 2",
  ];
  assert.equal(reasonOf(await attempt(context, answer(`${head.join("\r\n")}\r\n\r\nok`), NEVER_MS)), "answered");
});

test("a close or reset before the head is complete is reported as a reset", async (context) => {
  const behaviours: Behaviour[] = [
    (socket) => socket.end(),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.end("HTTP/1.1 200 OK\r\nx-half"),
    (socket) => socket.write("HTTP/1.1 200 OK\r\nx-half", () => socket.resetAndDestroy()),
  ];
  for (const behaviour of behaviours) {
    const seen = await attempt(context, behaviour, NEVER_MS);
    assert.equal(reasonOf(seen), "reset");
    assert.equal(seen.connections, 1);
  }
});

test("a connection that is closed on accept is reported as a reset", async (context) => {
  const onConnection = (socket: net.Socket) => socket.resetAndDestroy();
  const receiver = await startReceiver(context, () => undefined, { onConnection });
  const outcome = await post(startSender(context), receiver);
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "reset");
});

const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
const BROKEN_BODIES: Record<string, Behaviour> = {
  "a broken chunk": answer(`${CHUNKED}4\r\nfine\r\nZZ\r\n`),
  "an absurd chunk size": answer(`${CHUNKED}4\r\nfine\r\n${"F".repeat(40)}\r\n`),
  "an early close": (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\nfine"),
  "a reset": (socket) =>
    // tidy-allow timer: the test needs a slow receiver
    socket.write(`${CHUNKED}4\r\nfine\r\n`, () => setTimeout(() => socket.resetAndDestroy(), 20).unref()),
  "a huge content-length without the body": answer("HTTP/1.1 200 OK\r\ncontent-length: 9007199254740991\r\n\r\nfine"),
  "a body that stalls": answer(`${CHUNKED}4\r\nfine\r\n`),
  "a bad trailer": answer(`${CHUNKED}4\r\nfine\r\n0\r\nno colon\r\n\r\n`),
};

for (const [name, behaviour] of Object.entries(BROKEN_BODIES)) {
  test(`a complete 2xx head is a success, whatever happens to the body: ${name}`, async (context) => {
    const { outcome } = await attempt(context, behaviour);
    assert.deepEqual(outcome, { kind: "answered", httpStatus: 200, retryAfter: null, snippet: "fine" });
  });
}

test("an error status counts even if its body breaks off", async (context) => {
  const { outcome } = await attempt(
    context,
    answer("HTTP/1.1 429 Slow\r\nretry-after: 9\r\ncontent-length: 99\r\n\r\nhalf"),
  );
  assert.deepEqual(outcome, { kind: "answered", httpStatus: 429, retryAfter: "9", snippet: "half" });
});

test("a 2xx whose body arrives one byte at a time is a success at the deadline", async (context) => {
  const seen = await attempt(context, (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    endless(socket, "a", 10);
  });
  assert.ok(seen.outcome.kind === "answered" && /^a+$/.test(seen.outcome.snippet));
  assert.ok(seen.tookMs >= TIMEOUT_MS);
});

const ENDLESS_BODIES: Record<string, (socket: net.Socket) => void> = {
  "without a length": (socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    endless(socket, "a".repeat(RESPONSE_BODY_BYTES_MAX));
  },
  "of chunks": (socket) => {
    socket.write(CHUNKED);
    endless(socket, "1\r\na\r\n".repeat(1000));
  },
  "in one chunk's extension": (socket) => {
    socket.write(`${CHUNKED}1;x=`);
    endless(socket, "a".repeat(1000));
  },
  "of trailers": (socket) => {
    socket.write(`${CHUNKED}1\r\na\r\n0\r\n`);
    endless(socket, "x: y\r\n".repeat(1000));
  },
};

for (const [name, behaviour] of Object.entries(ENDLESS_BODIES)) {
  test(`an endless body ends at 16 KB, long before the deadline: ${name}`, async (context) => {
    const seen = await attempt(context, behaviour, NEVER_MS);
    assert.ok(seen.outcome.kind === "answered" && seen.outcome.httpStatus === 200);
    assert.ok(seen.bytesWritten < BUFFERED_BYTES_MAX);
  });
}

test("a connection with an unread body is closed and not reused", async (context) => {
  let closed = 0;
  const receiver = await startReceiver(context, (socket, { count }) => {
    socket.on("close", () => {
      closed += 1;
    });
    socket.write(count === 1 ? `HTTP/1.1 200 OK\r\ncontent-length: 50000\r\n\r\n${"a".repeat(50_000)}` : OK);
  });
  const sender = startSender(context);
  assert.equal((await post(sender, receiver)).kind, "answered");
  assert.equal((await post(sender, receiver)).kind, "answered");
  assert.equal(receiver.connections(), 2);
  assert.equal(closed, 1);
});

test("an idle connection that breaks when it is reused is replaced once, without a failure", async (context) => {
  const breaks: Array<(socket: net.Socket) => void> = [(socket) => socket.resetAndDestroy(), (socket) => socket.end()];
  for (const breakOff of breaks) {
    const receiver = await startReceiver(context, (socket, { turn }) => {
      if (turn === 1) socket.write(OK);
      else breakOff(socket);
    });
    const sender = startSender(context);
    assert.equal((await post(sender, receiver)).kind, "answered");
    assert.equal((await post(sender, receiver)).kind, "answered");
    assert.equal(receiver.connections(), 2);
    assert.equal(receiver.requests.length, 3);
  }
});

test("the replacement is tried once, within the same deadline", async (context) => {
  const receiver = await startReceiver(context, (socket, { count }) => {
    if (count === 1) socket.write(OK);
    else socket.resetAndDestroy();
  });
  const sender = startSender(context);
  await post(sender, receiver);
  const outcome = await post(sender, receiver);
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "reset");
  assert.equal(receiver.requests.length, 3);
});

test("a request is not repeated when the connection breaks after the response began", async (context) => {
  const receiver = await startReceiver(context, (socket, { turn }) => {
    if (turn === 1) socket.write(OK);
    // tidy-allow timer: the test needs a slow receiver
    else socket.write("HTTP/1.1 200 OK\r\nx-ha", () => setTimeout(() => socket.resetAndDestroy(), 20).unref());
  });
  const sender = startSender(context);
  await post(sender, receiver);
  const outcome = await post(sender, receiver);
  assert.ok(outcome.kind === "unreachable" && outcome.reason === "reset");
  assert.equal(receiver.requests.length, 2);
});

test("bytes without a request do no harm", async (context) => {
  const receiver = await startReceiver(context, (socket, { turn }) => {
    socket.write(turn === 1 ? `${OK}HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nextra` : OK);
  });
  const sender = startSender(context);
  for (let i = 0; i < 3; i++) {
    const outcome = await post(sender, receiver);
    assert.ok(outcome.kind === "answered" && outcome.snippet === "ok");
  }
});

test("a refused connection is reported as refused", async (context) => {
  const server = net.createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const outcome = await post(startSender(context), `http://127.0.0.1:${port}/`);
  assert.deepEqual(outcome, {
    kind: "unreachable",
    reason: "connect_refused",
    detail: "the receiver refused the connection",
  });
});

test("many hostile receivers at once delay nothing and leave no connections behind", async (context) => {
  const silent = await startReceiver(context, () => undefined);
  const healthy = await startReceiver(context, answer(OK));
  const sender = startSender(context);
  const dead = Array.from({ length: 200 }, () => post(sender, silent, { timeoutMs: TIMEOUT_MS }));
  const alive = await Promise.all(Array.from({ length: 50 }, () => post(sender, healthy)));
  assert.ok(alive.every((outcome) => outcome.kind === "answered"));
  for (const outcome of await Promise.all(dead)) {
    assert.ok(outcome.kind === "unreachable" && outcome.reason === "response_timeout");
  }
  while (silent.open() > 0) await new Promise(setImmediate);
});
