/**
 * One keep-alive connection over a plain socket, without pipelining.
 *
 * Not autocannon, for two reasons. Load, server and receiver share the machine's cores, so a cheaper load leaves more
 * to the server. And the benchmarks need the time of each answer, for exact percentiles and for open loops, whose times
 * count from when a request was due.
 */
import net from "node:net";

/** Gets the status, and the text of the whole answer with the index at which its body starts. */
export type OnAnswer = (status: number, text: string, bodyAt: number) => void;

const READ_BYTES = 64 * 1024;
const LENGTH = "content-length: ";

export class Connection {
  readonly #socket: net.Socket;
  #pending = "";
  #onAnswer: OnAnswer | null = null;
  #onLost: (error: Error) => void;

  private constructor(port: number, from: string | null) {
    this.#socket = net.connect({
      host: "127.0.0.1",
      port,
      ...(from !== null && { localAddress: from }),
      noDelay: true,
      // One buffer for the life of the connection, without a stream, halves the cost of reading.
      onread: {
        buffer: Buffer.alloc(READ_BYTES),
        callback: (length, buffer) => {
          this.#read(Buffer.from(buffer.buffer, buffer.byteOffset, length).toString("latin1"));
          return true;
        },
      },
    });
    this.#onLost = () => undefined;
  }

  /** @param from the local address; on Linux, all of 127.0.0.0/8 works without configuration */
  static open(port: number, from: string | null = null): Promise<Connection> {
    const connection = new Connection(port, from);
    return new Promise((resolve, reject) => {
      connection.#onLost = reject;
      connection.#socket.on("error", (error) => connection.#onLost(error));
      connection.#socket.on("close", () => connection.#onLost(new Error("the server closed a connection")));
      connection.#socket.once("connect", () => resolve(connection));
    });
  }

  /** Sets who is told when the connection is lost. */
  onLost(listener: (error: Error) => void): void {
    this.#onLost = listener;
  }

  send(request: string, onAnswer: OnAnswer): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(request, "latin1");
  }

  ask(request: string): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      this.#onLost = reject;
      this.send(request, (status, text, bodyAt) => resolve({ status, body: text.slice(bodyAt) }));
    });
  }

  close(): void {
    this.#onLost = () => undefined;
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    this.#pending = this.#pending === "" ? chunk : this.#pending + chunk;
    const text = this.#pending;
    const headEnd = text.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const bodyAt = headEnd + 4;
    if (text.length < bodyAt + bodyLength(text, headEnd)) return;
    const onAnswer = this.#onAnswer;
    this.#pending = "";
    this.#onAnswer = null;
    onAnswer?.(Number(text.slice(9, 12)), text, bodyAt);
  }
}

function bodyLength(text: string, headEnd: number): number {
  const at = text.indexOf(LENGTH);
  if (at < 0 || at > headEnd) throw new Error(`an answer without a content-length:\n${text.slice(0, headEnd)}`);
  return Number.parseInt(text.slice(at + LENGTH.length, headEnd), 10);
}
