/**
 * The receiver, which runs in a separate process. It reads just enough of each request to answer it and to identify its
 * event.
 *
 * It uses `node:net` directly, because it shares the machine's cores with the server that is measured, and `node:http`
 * takes twice the time. It identifies events by sequence number rather than by `webhook-id`, because one bit per event
 * takes less memory. The two are equivalent, since each event goes to one endpoint.
 */
import net from "node:net";
import { nowUs } from "./kit/clock.ts";
import { failsHalf, readNumbers } from "./kit/events.ts";
import type { Asked, Told } from "./kit/receiving.ts";
import { Samples } from "./kit/samples.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
const FAILED = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 6\r\n\r\nfailed";
const LENGTH = "content-length: ";
/** The index in `POST /accept` at which the path begins, after its slash. */
const PATH_AT = 6;

/** One bit for each event. */
class Seen {
  #bits = new Uint8Array(1 << 20);

  /** Returns false if the event was there before. */
  add(seq: number): boolean {
    const at = seq >> 3;
    const bit = 1 << (seq & 7);
    if (at >= this.#bits.length) {
      const more = new Uint8Array(at * 2);
      more.set(this.#bits);
      this.#bits = more;
    }
    const byte = this.#bits[at] ?? 0;
    this.#bits[at] = byte | bit;
    return (byte & bit) === 0;
  }
}

const seen = new Seen();
let window = { fromUs: 0, toUs: Number.POSITIVE_INFINITY };
let receivedUs = new Samples();
let distinct = 0;
let distinctInWindow = 0;
let repeats = 0;
/** Null: receipts are not recorded. */
let receipts: (readonly [seq: number, atUs: number])[] | null = null;

function accept(text: string): void {
  const numbers = readNumbers(text);
  if (numbers === null) return;
  const now = nowUs();
  if (!seen.add(numbers.seq)) {
    repeats += 1;
    return;
  }
  distinct += 1;
  receipts?.push([numbers.seq, now]);
  if (now >= window.fromUs && now < window.toUs) distinctInWindow += 1;
  if (numbers.sentUs >= window.fromUs) receivedUs.add(now - numbers.sentUs);
}

/** How long a slow receiver takes to answer. */
const LATE_MS = 2000;

/** The answer to one complete request; empty if there is none yet. */
function answer(request: string, late: (text: string) => void): string {
  switch (request[PATH_AT]) {
    case "s": // /silent
      return "";
    case "l": // /late
      setTimeout(late, LATE_MS, OK);
      return "";
    case "h": // /half
      return failsHalf(readNumbers(request)?.seq ?? 0) ? FAILED : OK;
    default:
      accept(request);
      return OK;
  }
}

/** The length of the first complete request in this text, or null. */
function requestLength(text: string): number | null {
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const at = text.indexOf(LENGTH);
  const length = headEnd + 4 + Number.parseInt(text.slice(at + LENGTH.length, headEnd), 10);
  return text.length >= length ? length : null;
}

function serve(socket: net.Socket): void {
  let pending = "";
  const send = (text: string): void => void socket.write(text, "latin1");
  socket.on("data", (chunk: Buffer) => {
    pending += chunk.toString("latin1");
    for (let length = requestLength(pending); length !== null; length = requestLength(pending)) {
      const text = answer(pending.slice(0, length), send);
      pending = pending.slice(length);
      if (text !== "") send(text);
    }
  });
  socket.on("error", () => socket.destroy());
}

function tell(told: Told): void {
  process.send?.(told);
}

process.on("message", (asked: Asked) => {
  switch (asked.kind) {
    case "begin":
      window = { fromUs: asked.fromUs, toUs: asked.toUs ?? Number.POSITIVE_INFINITY };
      receivedUs = new Samples();
      distinct = 0;
      distinctInWindow = 0;
      repeats = 0;
      receipts = asked.keepsReceipts ? [] : null;
      return tell({ kind: "begun" });
    case "count":
      return tell({ kind: "counted", distinct });
    case "receipts":
      return tell({ kind: "receipts", receipts: receipts ?? [] });
    case "report":
      return tell({
        kind: "reported",
        distinct,
        distinctInWindow,
        repeats,
        receiptP50Ms: receivedUs.percentile(0.5) / 1000,
        receiptP99Ms: receivedUs.percentile(0.99) / 1000,
      });
  }
});
process.on("disconnect", () => process.exit(0));

const server = net.createServer({ noDelay: true }, serve);
server.listen(0, "127.0.0.1", () => tell({ kind: "listening", port: (server.address() as net.AddressInfo).port }));
