/** A file that the server sends for as long as it takes: its client reads at its own pace, or goes away. */
import { once } from "node:events";
import http from "node:http";

/** So many bytes, then a rest. */
export interface Pace {
  readonly bytes: number;
  readonly restMs: number;
}

const LINE_END = 10;

export class Download {
  readonly status: number;
  /** From the request, with its connection, until the answer began. */
  readonly firstByteMs: number;
  bytes = 0;
  lines = 0;
  readonly #answer: http.IncomingMessage;
  #hasLeft = false;

  private constructor(answer: http.IncomingMessage, firstByteMs: number) {
    this.status = answer.statusCode ?? 0;
    this.firstByteMs = firstByteMs;
    this.#answer = answer;
    // Whether it is whole is told when it closes.
    answer.on("error", () => undefined);
  }

  static async open(to: { readonly port: number; readonly apiKey: string }, path: string): Promise<Download> {
    const headers = { authorization: `Bearer ${to.apiKey}` };
    const sentAt = performance.now();
    const request = http.get({ host: "127.0.0.1", port: to.port, path, headers, agent: false });
    const [answer] = (await once(request, "response")) as [http.IncomingMessage];
    return new Download(answer, performance.now() - sentAt);
  }

  /** Resolves when all of it has come, or the client has left. Without a pace: as fast as it comes. */
  async read(pace: Pace | null = null): Promise<void> {
    const answer = this.#answer;
    let sinceRest = 0;
    answer.on("data", (chunk: Buffer) => {
      this.#count(chunk);
      sinceRest += chunk.length;
      if (pace === null || sinceRest < pace.bytes) return;
      sinceRest = 0;
      answer.pause();
      setTimeout(() => answer.resume(), pace.restMs);
    });
    if (!answer.closed) await new Promise((resolve) => answer.once("close", resolve));
    if (!answer.complete && !this.#hasLeft) throw new Error("the server broke a file off");
  }

  leave(): void {
    this.#hasLeft = true;
    this.#answer.destroy();
  }

  #count(chunk: Buffer): void {
    this.bytes += chunk.length;
    for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, at + 1)) this.lines += 1;
  }
}
