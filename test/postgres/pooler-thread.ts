/** The thread of a pooler: see `pooler.ts`. */
import { connect, createServer, type Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import type { DatabaseHost } from "../../src/domain/database-address.ts";

const server = workerData as DatabaseHost;

/** A connection to the server, and the client whose transaction it runs. */
interface Upstream {
  readonly socket: Socket;
  client: Client | null;
}

interface Client {
  readonly socket: Socket;
  /** Messages that wait for a connection to the server. */
  unsent: Buffer[];
  upstream: Upstream | null;
  /** Messages whose response ends with ReadyForQuery. */
  unanswered: number;
}

const IDLE = "I".charCodeAt(0);
/** The responses to a startup: the user is trusted, this is process 1, and queries are welcome. */
const WELCOME = Buffer.concat([
  message("R", [0, 0, 0, 0]),
  message("K", [0, 0, 0, 1, 0, 0, 0, 1]),
  message("Z", [IDLE]),
]);

function message(type: string, body: readonly number[]): Buffer {
  return Buffer.from([type.charCodeAt(0), 0, 0, 0, 4 + body.length, ...body]);
}

const idle: Upstream[] = [];

function onClose(socket: Socket, run: () => void): void {
  socket.on("error", () => undefined); // followed by `close`
  socket.on("close", run);
}

/** Another connection than the last one to become idle. */
async function lend(startup: Buffer): Promise<Upstream> {
  const waiting = idle.length > 1 ? idle.shift() : undefined;
  if (waiting !== undefined) return waiting;
  const upstream: Upstream = { socket: connect({ ...server, noDelay: true }), client: null };
  onClose(upstream.socket, () => upstream.client?.socket.destroy());
  upstream.socket.write(startup);
  await new Promise<void>((resolve) => {
    onMessages(upstream.socket, (type, bytes) => {
      upstream.client?.socket.write(bytes);
      if (type === "Z") resolve();
      if (type === "Z" && upstream.client !== null) answered(upstream, upstream.client, bytes);
    });
  });
  return upstream;
}

function answered(upstream: Upstream, client: Client, ready: Buffer): void {
  client.unanswered -= 1;
  if (client.unanswered > 0 || ready.at(-1) !== IDLE) return;
  upstream.client = null;
  client.upstream = null;
  idle.push(upstream);
}

function serve(socket: Socket): void {
  const client: Client = { socket, unsent: [], upstream: null, unanswered: 0 };
  onClose(socket, () => client.upstream?.socket.destroy());
  socket.once("data", (startup: Buffer) => {
    socket.write(WELCOME);
    onMessages(socket, (type, bytes) => {
      if (type === "X") return;
      if (type === "Q" || type === "S") client.unanswered += 1;
      if (client.upstream !== null) client.upstream.socket.write(bytes);
      else if (client.unsent.push(bytes) === 1) void lend(startup).then((upstream) => link(client, upstream));
    });
  });
}

function link(client: Client, upstream: Upstream): void {
  client.upstream = upstream;
  upstream.client = client;
  upstream.socket.write(Buffer.concat(client.unsent));
  client.unsent = [];
}

const listener = createServer({ noDelay: true }, serve).listen(0, "127.0.0.1", () =>
  parentPort?.postMessage(listener.address()),
);

/** Calls back with each message as a whole: its type, four bytes of its size, and the rest. */
function onMessages(socket: Socket, onMessage: (type: string, bytes: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  socket.on("data", (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length > 4) {
      const size = 1 + rest.readInt32BE(1);
      if (rest.length < size) return;
      const whole = rest.subarray(0, size);
      rest = rest.subarray(size);
      onMessage(String.fromCharCode(whole[0] ?? 0), whole);
    }
  });
}
