import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { anyCharacter } from "../../test/fixtures/any-character.ts";
import { ResponseReader } from "./response.ts";

interface Read {
  status: number;
  retryAfter: string | null;
  headers: string;
  body: string;
  whole: boolean;
  reusable: boolean;
  idleSeconds: number | null;
  fault: string | null;
}

/** What a reader reports for these bytes, pushed one element at a time. */
function read(...pieces: string[]): Read {
  const seen: Read = {
    status: 0,
    retryAfter: null,
    headers: "",
    body: "",
    whole: false,
    reusable: false,
    idleSeconds: null,
    fault: null,
  };
  const reader = new ResponseReader({
    onHead(status, retryAfter, headers) {
      Object.assign(seen, { status, retryAfter, headers });
    },
    onBody(piece) {
      seen.body += piece.toString("latin1");
    },
    onComplete(reusable, idleSeconds) {
      Object.assign(seen, { whole: true, reusable, idleSeconds });
    },
    onFault(failure) {
      seen.fault = failure.kind === "unreachable" ? `${failure.reason}: ${failure.detail}` : failure.kind;
    },
  });
  for (const piece of pieces) reader.push(Buffer.from(piece, "latin1"));
  return seen;
}

const head = (...lines: string[]) => `${["HTTP/1.1 200 OK", ...lines].join("\r\n")}\r\n\r\n`;

/** Framings of the body `hello` after which the connection can be reused. */
const PLAIN = {
  "a length": `${head("content-length: 5")}hello`,
  chunks: `${head("Transfer-Encoding: chunked")}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`,
  "a chunk size with zeros": `${head("transfer-encoding:chunked")}0005\r\nhello\r\n000\r\n\r\n`,
  "a length after a valid interim response": `HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${head("content-length: 5")}hello`,
  "no reason phrase": "HTTP/1.1 200\r\ncontent-length: 5\r\n\r\nhello",
  "an empty reason phrase": "HTTP/1.1 200 \r\ncontent-length: 5\r\n\r\nhello",
  "odd headers": `${head("x-empty:", "__proto__: 1", "x-latin: caf\u00e9", "x-control: a\u0001b", "content-length:\t5 ")}hello`,
};

/** Responses that a client may accept, but after which the connection is not reused. */
const LENIENT = {
  "equal lengths": `${head("content-length: 5", "Content-Length: 5")}hello`,
  "equal lengths in one header": `${head("content-length: 5, 5")}hello`,
  "equal lengths, one with zeros": `${head("content-length: 5", "content-length: 005")}hello`,
  "bare line feeds": "HTTP/1.1 200 OK\ncontent-length: 5\n\nhello",
  "one bare line feed": "HTTP/1.1 200 OK\r\ncontent-length: 5\n\r\nhello",
  "bare line feeds in chunks": `${head("transfer-encoding: chunked")}5\nhello\n0\n\n`,
  "a space before the colon": `${head("content-length : 5")}hello`,
  "a folded header": `${head("x-long: a", "  b", "content-length: 5")}hello`,
  "a folded length": `${head("content-length:", " 5")}hello`,
  "empty lines before it": `\r\n\r\n${head("content-length: 5")}hello`,
  "an unasked 100 Continue": `HTTP/1.1 100 Continue\r\n\r\n${head("content-length: 5")}hello`,
  "HTTP/1.0": "HTTP/1.0 200 OK\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\nhello",
  "Connection: close": `${head("connection: Close", "content-length: 5")}hello`,
  "close among other options": `${head("connection: x-hop, close", "content-length: 5")}hello`,
  "a chunk extension": `${head("transfer-encoding: chunked")}5;name="a"\r\nhello\r\n0\r\n\r\n`,
  "a trailer": `${head("transfer-encoding: chunked")}5\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n`,
  "two codings": `${head("transfer-encoding: gzip, chunked")}5\r\nhello\r\n0\r\n\r\n`,
  "bytes behind it": `${head("content-length: 5")}helloHTTP/1.1 200 OK\r\n\r\n`,
  "a line feed behind it": `${head("content-length: 5")}hello\n`,
};

for (const [name, bytes] of Object.entries(PLAIN)) {
  test(`a response is complete, and its connection is reused: ${name}`, () => {
    const { status, body, whole, reusable, fault } = read(bytes);
    assert.deepEqual(
      { status, body, whole, reusable, fault },
      { status: 200, body: "hello", whole: true, reusable: true, fault: null },
    );
  });
}

for (const [name, bytes] of Object.entries(LENIENT)) {
  test(`a response is accepted, and its connection is closed: ${name}`, () => {
    const { status, body, whole, reusable, fault } = read(bytes);
    assert.deepEqual(
      { status, body, whole, reusable, fault },
      { status: 200, body: "hello", whole: true, reusable: false, fault: null },
    );
  });
}

test("invalid HTTP/1.1 is a protocol error that states the reason", () => {
  const cases: Array<[bytes: string, why: RegExp]> = [
    ["HTTP/1.1 OK\r\n\r\n", /status line/],
    ["HTTP/1.1 2000 OK\r\n\r\n", /status line/],
    ["HTTP/1.1 099 No\r\n\r\n", /status line/],
    ["HTTP/1.1 200 a\u0000b\r\n\r\n", /status line/],
    ["http/1.1 200 OK\r\n\r\n", /does not speak HTTP\/1.1/],
    ["HTTP/2.0 200 OK\r\n\r\n", /does not speak HTTP\/1.1/],
    ["SSH-2.0-OpenSSH", /does not speak HTTP\/1.1/],
    ["\u0000\u0000", /does not speak HTTP\/1.1/],
    ["\u0015\u0003\u0003\u0000\u0002\u0002\u0050", /speaks TLS on this port; use an https/],
    [head("no colon"), /header/],
    [head(": no name"), /header/],
    [head("two words: 1"), /header/],
    [head("x-nul: a\u0000b"), /header/],
    [head("x-return: a\rb"), /header/],
    [head(" folded: nothing"), /begins with a space/],
    [head("content-length: 5", "content-length: 6"), /two different Content-Length/],
    [head("content-length: 5, 6"), /two different Content-Length/],
    [head("content-length: 5,"), /not a number/],
    [head("content-length: -5"), /not a number/],
    [head("content-length: +5"), /not a number/],
    [head("content-length: 5 5"), /not a number/],
    [head("content-length: 0x5"), /not a number/],
    [head("content-length:"), /not a number/],
    [head("content-length: 5", "transfer-encoding: chunked"), /both Content-Length and Transfer-Encoding/],
    ["HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n", /switched protocols/],
    ["HTTP/1.1 102 Processing\r\n\r\n".repeat(9), /too many interim/],
  ];
  for (const [bytes, why] of cases) {
    const { fault, status } = read(bytes);
    assert.match(fault ?? "", /^protocol_error: /, JSON.stringify(bytes));
    assert.match(fault ?? "", why, JSON.stringify(bytes));
    assert.equal(status, 0);
  }
});

test("a head above 16 KB is too large, no matter how it arrives", () => {
  const bytes = head(`x-large: ${"a".repeat(17_000)}`);
  assert.match(read(bytes).fault ?? "", /^answer_head_too_large/);
  assert.match(read(...bytes).fault ?? "", /^answer_head_too_large/);
});

test("a broken body is a fault after the head", () => {
  const bodies = ["ZZ\r\n", "-1\r\n", "5\r\nhelloo\r\n", "5 5\r\n", "\r\n"];
  for (const body of bodies) {
    const { status, fault, whole } = read(`${head("transfer-encoding: chunked")}${body}`);
    assert.ok(status === 200 && fault !== null && !whole, JSON.stringify(body));
  }
});

test("204 and 304 never have a body; without a length, the body ends with the connection", () => {
  for (const status of [204, 304]) {
    const { whole, reusable } = read(`HTTP/1.1 ${status} No\r\ncontent-length: 5\r\n\r\n`);
    assert.ok(whole && reusable);
    assert.equal(read(`HTTP/1.1 ${status} No\r\ncontent-length: 5\r\n\r\nhello`).reusable, false);
  }
  for (const lines of [[], ["transfer-encoding: gzip"], ["transfer-encoding: chunked, gzip"]]) {
    const { whole, body } = read(`${head(...lines)}hello`);
    assert.deepEqual({ whole, body }, { whole: false, body: "hello" });
  }
});

test("the headers of an interim response do not affect the final one", () => {
  const interim = "HTTP/1.1 103 Early Hints\r\ncontent-length: 9\r\nretry-after: 9\r\n\r\n";
  const { body, whole, retryAfter } = read(`${interim}${head("content-length: 5", "retry-after: 7")}hello`);
  assert.deepEqual({ body, whole, retryAfter }, { body: "hello", whole: true, retryAfter: "7" });
});

test("the receiver's idle time is read from Keep-Alive", () => {
  const idle = (value: string) => read(head(`keep-alive: ${value}`, "content-length: 0")).idleSeconds;
  assert.equal(idle("timeout=5"), 5);
  assert.equal(idle("max=100, Timeout = 20"), 20);
  assert.equal(idle('timeout="7"'), 7);
  assert.equal(idle("timeout=0"), 0);
  for (const value of ["", "max=5", "timeout=soon", "timeout=-1", "x-timeout=5"])
    assert.equal(idle(value), null, value);
});

test("a response can arrive in any pieces", () => {
  const answers = [...Object.values(PLAIN), ...Object.values(LENIENT)];
  const cuts = fc.array(fc.nat({ max: 120 }), { maxLength: 10 });
  fc.assert(
    fc.property(fc.constantFrom(...answers), cuts, (bytes, at) => {
      const whole = read(bytes);
      const ends = [...at.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const cut = read(...ends.map((end, i) => bytes.slice(ends[i - 1] ?? 0, end)).filter((piece) => piece !== ""));
      // Bytes after a complete response are only noticed if they arrive in the same chunk.
      assert.deepEqual({ ...cut, reusable: false }, { ...whole, reusable: false });
    }),
  );
});

test("the reader never throws, whatever the bytes are", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: anyCharacter, maxLength: 40 }), { maxLength: 5 }), (pieces) => {
      read(...pieces);
      read("HTTP/1.1 200 OK\r\n", ...pieces);
      read(head("transfer-encoding: chunked"), ...pieces);
    }),
  );
});

test("the headers of a failure are kept, those of a success without the routine ones, up to a limit", () => {
  const lines = ["Date: x", "Connection: close", "X-Request-Id:  r1 ", "Set-Cookie: a=b"];
  const failed = (more: readonly string[]) => `${["HTTP/1.1 500 No", ...lines, ...more].join("\r\n")}\r\n\r\n`;
  assert.equal(read(head(...lines)).headers, "x-request-id: r1\nset-cookie: (not stored)\n");
  const kept = "date: x\nconnection: close\nx-request-id: r1\nset-cookie: (not stored)\n";
  assert.equal(read(failed([])).headers, kept);
  const long = read(failed(["a: ".padEnd(900, "x"), "b: ".padEnd(900, "x"), "c: d"])).headers;
  assert.equal(long, `${kept}a: ${"x".repeat(897)}\n…`);
  assert.equal(read(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n${head("server: y")}`).headers, "server: y\n");
});
