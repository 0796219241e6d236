/**
 * Parses one HTTP/1.1 response (RFC 9112) as its bytes arrive.
 *
 * Rejecting a response repeats a request that the receiver has already processed. The reader therefore accepts what the
 * RFC allows a client to accept: bare line feeds, repeated equal content lengths, folded fields, a space before the
 * colon, and unrequested interim responses. After any of these, the connection is not reused, so that one response
 * cannot be smuggled into the place of another.
 */
import { INTERIM_RESPONSES_COUNT_MAX, RESPONSE_HEAD_BYTES_MAX, RETRY_AFTER_CHARS_MAX } from "../domain/limits.ts";
import { type Failure, headTooLarge, unreachable } from "./failures/failures.ts";
import { keepHeader } from "./snippet.ts";

export interface ResponseSink {
  /**
   * The head of the final response is complete.
   *
   * @param retryAfter the text of the first such header, truncated
   * @param headers what the history stores of the headers, a line for each
   */
  onHead(status: number, retryAfter: string | null, headers: string): void;
  /** A piece of the body without its framing. It is a view of the chunk that was read. */
  onBody(piece: Buffer): void;
  /**
   * The response is complete.
   *
   * @param reusable whether the connection can carry another request
   * @param idleSeconds how long the receiver keeps the connection idle, if it says so
   */
  onComplete(reusable: boolean, idleSeconds: number | null): void;
  /** The bytes are not valid HTTP/1.1. After `onHead`, only the body is affected. */
  onFault(failure: Failure): void;
}

type State =
  | "status"
  | "fields"
  /** A body that ends after a number of bytes, or when the connection closes. */
  | "counted"
  | "endless"
  /** A chunked body: a size line, that many bytes, an empty line, and finally the trailers. */
  | "size"
  | "chunk"
  | "chunkEnd"
  | "trailers"
  | "whole"
  /** After a fault or `stop`. */
  | "over";

/** The bytes cannot be parsed as HTTP/1.1. */
class Malformed extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super();
    this.failure = failure;
  }
}

const LINE_FEED = 0x0a;
const STATUS_LINE = /^HTTP\/1\.(\d)[ \t]+([1-9]\d\d)(?:[ \t].*)?$/;
const VERSION = "HTTP/1.";
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const CHUNK_SIZE = /^([0-9a-f]+)[ \t]*(;.*)?$/i;
const KEEP_ALIVE_TIMEOUT = /(?:^|[,;\s])timeout\s*=\s*"?(\d{1,9})/i;

export class ResponseReader {
  readonly #sink: ResponseSink;
  #state: State = "status";
  /** The start of a line that is not complete yet. */
  #line = "";
  /** The latest field line. The next line may continue it. */
  #field = "";
  #headBytes = 0;
  #interimResponses = 0;
  /** Remaining bytes of the counted body or of the chunk. */
  #bytesLeft = 0;
  #reusable = true;
  #status = 0;
  #length: string | null = null;
  #codings: string[] = [];
  #retryAfter: string | null = null;
  #idleSeconds: number | null = null;
  #kept = "";

  constructor(sink: ResponseSink) {
    this.#sink = sink;
  }

  /** Process bytes that were read from the connection. */
  push(chunk: Buffer): void {
    try {
      let at = 0;
      while (at < chunk.length && this.#state !== "whole" && this.#state !== "over") {
        at = this.#isInBody() ? this.#readBody(chunk, at) : this.#readLine(chunk, at);
      }
      // Bytes after a complete response belong to no request, so the connection is not reused.
      if (this.#state === "whole") this.#sink.onComplete(this.#reusable && at === chunk.length, this.#idleSeconds);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#state = "over";
      this.#sink.onFault(error.failure);
    }
  }

  /** Stop calling the sink. The rest of the current chunk is ignored. */
  stop(): void {
    this.#state = "over";
  }

  #isInBody(): boolean {
    return this.#state === "counted" || this.#state === "endless" || this.#state === "chunk";
  }

  #readBody(chunk: Buffer, at: number): number {
    const end = this.#state === "endless" ? chunk.length : Math.min(chunk.length, at + this.#bytesLeft);
    this.#sink.onBody(chunk.subarray(at, end));
    this.#bytesLeft -= end - at;
    if (this.#bytesLeft === 0 && this.#state === "counted") this.#state = "whole";
    if (this.#bytesLeft === 0 && this.#state === "chunk") this.#state = "chunkEnd";
    return end;
  }

  #readLine(chunk: Buffer, at: number): number {
    const feed = chunk.indexOf(LINE_FEED, at);
    const end = feed < 0 ? chunk.length : feed + 1;
    const charsBefore = this.#line.length;
    this.#line += chunk.toString("latin1", at, feed < 0 ? end : feed);
    if (this.#state === "status" || this.#state === "fields") this.#headBytes += end - at;
    if (this.#headBytes > RESPONSE_HEAD_BYTES_MAX) throw new Malformed(headTooLarge());
    // A server of another protocol may send a few bytes without a line break and then wait for us.
    if (this.#state === "status" && charsBefore < VERSION.length && !this.#mayBeStatus())
      throw new Malformed(notHttp(this.#line));
    if (feed >= 0) this.#endLine();
    return end;
  }

  #mayBeStatus(): boolean {
    const begin = this.#line.replace(/^\r/, "").slice(0, VERSION.length);
    return VERSION.startsWith(begin);
  }

  #endLine(): void {
    const line = this.#line.endsWith("\r") ? this.#line.slice(0, -1) : this.#line;
    if (line.length === this.#line.length) this.#reusable = false;
    this.#line = "";
    switch (this.#state) {
      case "status":
        this.#onStatusLine(line);
        return;
      case "fields":
        this.#onFieldLine(line);
        return;
      case "size":
        this.#onSizeLine(line);
        return;
      case "chunkEnd":
        if (line !== "") throw new Malformed(malformed("a chunk of its body is longer than it says"));
        this.#state = "size";
        return;
      case "trailers":
        if (line === "") this.#state = "whole";
        else this.#reusable = false;
    }
  }

  #onStatusLine(line: string): void {
    if (line === "") {
      this.#reusable = false;
      return;
    }
    const [, minor, status] = STATUS_LINE.exec(line) ?? [];
    if (status === undefined || hasForbidden(line)) throw new Malformed(malformed("its status line cannot be read"));
    if (minor === "0") this.#reusable = false;
    this.#status = Number(status);
    this.#state = "fields";
  }

  #onFieldLine(line: string): void {
    if (line.startsWith(" ") || line.startsWith("\t")) {
      if (this.#field === "") throw new Malformed(malformed("its first header begins with a space"));
      this.#reusable = false;
      this.#field += ` ${line.trim()}`;
      return;
    }
    if (this.#field !== "") this.#onField(this.#field);
    this.#field = line;
    if (line === "" && this.#state === "fields") this.#onHeadEnd();
  }

  #onField(field: string): void {
    const colon = field.indexOf(":");
    const rawName = field.slice(0, Math.max(colon, 0));
    const name = rawName.trimEnd();
    if (!TOKEN.test(name) || hasForbidden(field)) {
      throw new Malformed(malformed("a header has no name and colon, or contains a forbidden character"));
    }
    if (name.length < rawName.length) this.#reusable = false;
    const value = field.slice(colon + 1).trim();
    const lowerName = name.toLowerCase();
    this.#kept = keepHeader(this.#kept, this.#status, lowerName, value);
    switch (lowerName) {
      case "content-length":
        for (const length of value.split(",")) this.#onLength(length.trim());
        return;
      case "transfer-encoding":
        this.#codings.push(
          ...value
            .toLowerCase()
            .split(",")
            .map((coding) => coding.trim()),
        );
        return;
      case "connection":
        if (/(?:^|[,\s])close(?:[,\s]|$)/i.test(value)) this.#reusable = false;
        return;
      case "keep-alive":
        this.#idleSeconds = Number(KEEP_ALIVE_TIMEOUT.exec(value)?.[1] ?? Number.NaN);
        if (Number.isNaN(this.#idleSeconds)) this.#idleSeconds = null;
        return;
      case "retry-after":
        this.#retryAfter ??= value.slice(0, RETRY_AFTER_CHARS_MAX);
    }
  }

  /** Process one of possibly several lengths. All of them must be equal (RFC 9112 §6.3). */
  #onLength(text: string): void {
    if (!/^\d+$/.test(text)) throw new Malformed(malformed("its Content-Length is not a number"));
    const length = text.replace(/^0+(?=\d)/, "");
    if (this.#length === null) {
      this.#length = length;
      return;
    }
    this.#reusable = false;
    if (length !== this.#length) throw new Malformed(malformed("it has two different Content-Length values"));
  }

  #onHeadEnd(): void {
    if (this.#status < 200) {
      this.#onInterimEnd();
      return;
    }
    if (this.#codings.length > 0 && this.#length !== null) {
      throw new Malformed(malformed("it has both Content-Length and Transfer-Encoding"));
    }
    this.#state = this.#bodyState();
    this.#sink.onHead(this.#status, this.#retryAfter, this.#kept);
  }

  /** RFC 9112 §6.3. */
  #bodyState(): State {
    if (this.#status === 204 || this.#status === 304) return "whole";
    if (this.#codings.length > 0) {
      if (this.#codings.length > 1) this.#reusable = false;
      return this.#codings.at(-1) === "chunked" ? "size" : "endless";
    }
    if (this.#length === null) return "endless";
    this.#bytesLeft = Number(this.#length);
    return this.#bytesLeft === 0 ? "whole" : "counted";
  }

  #onInterimEnd(): void {
    this.#interimResponses += 1;
    if (this.#status === 101) throw new Malformed(protocolError("the receiver switched protocols without being asked"));
    if (this.#interimResponses > INTERIM_RESPONSES_COUNT_MAX) {
      throw new Malformed(protocolError("the receiver sent too many interim (1xx) responses"));
    }
    // We never request "100 Continue". A receiver that sends it anyway may be one response ahead.
    if (this.#status === 100) this.#reusable = false;
    this.#state = "status";
    this.#length = null;
    this.#codings = [];
    this.#retryAfter = null;
    this.#kept = "";
  }

  #onSizeLine(line: string): void {
    const [, size, extension] = CHUNK_SIZE.exec(line) ?? [];
    if (size === undefined) throw new Malformed(malformed("a chunk size of its body cannot be read"));
    if (extension !== undefined) this.#reusable = false;
    this.#bytesLeft = Number.parseInt(size, 16);
    this.#state = this.#bytesLeft === 0 ? "trailers" : "chunk";
  }
}

/** NUL and a bare CR are dangerous in any line. Other control characters may be kept (RFC 9110 §5.5). */
const hasForbidden = (line: string): boolean => line.includes("\0") || line.includes("\r");

const protocolError = (detail: string): Failure => unreachable("protocol_error", detail);
const malformed = (why: string): Failure => protocolError(`the response is not valid HTTP/1.1: ${why}`);

/**
 * @param begin the first bytes of the response, Latin-1
 */
function notHttp(begin: string): Failure {
  // The start of a TLS alert record: its type, then version 3.x.
  if (begin.startsWith("\x15\x03")) return protocolError("the receiver speaks TLS on this port; use an https:// URL");
  return protocolError("the receiver does not speak HTTP/1.1 on this port");
}
