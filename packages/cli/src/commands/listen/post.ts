/** Post a delivery to a local service, byte for byte. */
import http from "node:http";
import https from "node:https";
import type { ListenAnswer, ListenRequest } from "../../../../sdk/src/index.ts";
import { failed, noAnswer } from "./no-answer.ts";

/** What is read of a response. The server stores less. */
const ANSWER_BYTES_MAX = 16 * 1024;
const HEAD_BYTES_MAX = 16 * 1024;
const CONNECT_MS_MAX = 10_000;
/** Of the connection, which is not the server's. */
const OWN_HEADERS = new Set(["host", "connection", "content-length", "transfer-encoding"]);

export type Header = readonly [name: string, value: string];
type Posted = Pick<ListenRequest, "headers" | "body" | "timeoutMs" | "signal">;

/** Connections are kept, so that many deliveries a second do not use up the ports. */
export class Poster {
  readonly #agents: { readonly "http:": http.Agent; readonly "https:": https.Agent };
  readonly #headers: readonly Header[];
  /** Whether any certificate is accepted. */
  readonly insecure: boolean;

  /** @param headers what `--header` adds or replaces */
  constructor(headers: readonly Header[], { insecure }: { readonly insecure: boolean }) {
    this.#headers = headers;
    this.insecure = insecure;
    this.#agents = {
      "http:": new http.Agent({ keepAlive: true }),
      "https:": new https.Agent({ keepAlive: true, rejectUnauthorized: !insecure }),
    };
  }

  /** Never rejects. No redirect is followed. */
  async post(url: URL, posted: Posted): Promise<ListenAnswer> {
    const exchange = () => new Exchange(url, posted, this.#optionsFor(url, posted)).answer;
    // The service may have closed a kept connection just before it was used again.
    return (await exchange()) ?? (await exchange()) ?? failed("reset", url);
  }

  /** The headers of a delivery, with those of `--header`, without those of the connection. */
  headersOf({ headers }: Pick<Posted, "headers">): readonly Header[] {
    const replaced = new Set(this.#headers.map(([name]) => name.toLowerCase()));
    const kept = headers.filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()) && !replaced.has(name.toLowerCase()));
    return [...kept, ...this.#headers];
  }

  #optionsFor(url: URL, posted: Posted): http.RequestOptions {
    const length = ["content-length", String(Buffer.byteLength(posted.body))] as const;
    const headers = this.headersOf(posted);
    const hasHost = headers.some(([name]) => name.toLowerCase() === "host");
    const host: readonly Header[] = hasHost ? [] : [["host", url.host]];
    return {
      method: "POST",
      agent: this.#agents[url.protocol as "http:" | "https:"],
      headers: [...host, ...headers, length].flat(),
      maxHeaderSize: HEAD_BYTES_MAX,
    };
  }
}

/** One request. Its answer is null if a kept connection turned out to be closed. */
class Exchange {
  readonly answer: Promise<ListenAnswer | null>;
  readonly #url: URL;
  readonly #posted: Posted;
  readonly #startedAt = performance.now();
  #end: (answer: ListenAnswer | null) => void = () => undefined;
  /** Ends it with what there is when its time is over. */
  #endLate: () => void;

  constructor(url: URL, posted: Posted, options: http.RequestOptions) {
    this.#url = url;
    this.#posted = posted;
    this.#endLate = () => this.#end(failed("response_timeout", url, `no response within ${posted.timeoutMs} ms`));
    this.answer = new Promise((resolve) => {
      this.#end = resolve;
    });
    try {
      this.#send(options);
    } catch (error) {
      this.#end(noAnswer(error as Error, url)); // a header that Node does not send
    }
  }

  #send(options: http.RequestOptions): void {
    const { body, timeoutMs, signal } = this.#posted;
    const request = (this.#url.protocol === "https:" ? https : http).request(this.#url, options);
    const timer = setTimeout(
      () => {
        this.#end(failed("connect_timeout", this.#url));
        request.destroy();
      },
      Math.min(CONNECT_MS_MAX, timeoutMs * 0.9),
    );
    request.once("socket", (socket) => {
      if (!socket.connecting) clearTimeout(timer);
      else socket.once("connect", () => clearTimeout(timer));
    });
    const stop = () => {
      this.#endLate();
      request.destroy();
    };
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    request.once("close", () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
    });
    request.on("response", (response) => this.#read(response));
    request.on("error", (error: NodeJS.ErrnoException) => {
      const wasClosed = request.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
      this.#end(wasClosed ? null : noAnswer(error, this.#url));
    });
    request.end(body);
  }

  #read(response: http.IncomingMessage): void {
    const { statusCode: status = 0, rawHeaders } = response;
    const timings = { first_byte_ms: Math.round(performance.now() - this.#startedAt) };
    if (status < 100 || status > 599) {
      response.destroy();
      this.#end(failed("protocol_error", this.#url, `it responded with the status ${status}`));
      return;
    }
    const headers = Array.from({ length: rawHeaders.length / 2 }, (_, at): Header => {
      return [rawHeaders[2 * at] ?? "", rawHeaders[2 * at + 1] ?? ""];
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = () => {
      const body = Buffer.concat(chunks).subarray(0, ANSWER_BYTES_MAX).toString();
      this.#end({ status, headers, body, timings });
    };
    this.#endLate = end;
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes < ANSWER_BYTES_MAX) return;
      end();
      response.destroy(); // the rest is not read
    });
    // A status is an answer, also when the rest of the response does not arrive.
    response.on("error", end).on("close", end).on("end", end);
  }
}
