/** A download whose client reads at its own pace, or disconnects. */
import { once } from "node:events";
import http from "node:http";

/** Read this many bytes, then wait. */
export interface Pace {
  readonly bytes: number;
  readonly restMs: number;
}

const LINE_END = 10;

export class Download {
  readonly status: number;
  /** The time from opening the connection until the answer began. */
  readonly firstByteMs: number;
  bytes = 0;
  lines = 0;
  readonly #answer: http.IncomingMessage;
  #hasLeft = false;

  private constructor(answer: http.IncomingMessage, firstByteMs: number) {
    this.status = answer.statusCode ?? 0;
    this.firstByteMs = firstByteMs;
    this.#answer = answer;
    // `read` checks for completeness when the answer closes.
    answer.on("error", () => undefined);
  }

  static async open(to: { readonly port: number; readonly apiKey: string }, path: string): Promise<Download> {
    const headers = { authorization: `Bearer ${to.apiKey}` };
    const sentAt = performance.now();
    const request = http.get({ host: "127.0.0.1", port: to.port, path, headers, agent: false });
    const [answer] = (await once(request, "response")) as [http.IncomingMessage];
    return new Download(answer, performance.now() - sentAt);
  }

  /** Resolves when the whole file has arrived or the client has disconnected. Without a pace, reads at full speed. */
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
    if (!answer.complete && !this.#hasLeft) throw new Error("the server broke off a download");
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
