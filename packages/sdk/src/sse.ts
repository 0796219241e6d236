/** Parse server-sent events from text that arrives in pieces (WHATWG HTML §9.2.6). */
import { SignalboxError } from "./errors.ts";
import { STREAM_EVENT_CHARS_MAX } from "./limits.ts";

/** One dispatched event. */
export interface SseEvent {
  readonly type: string;
  readonly data: string;
  /** The latest id that the stream has set, in this event or before. */
  readonly lastEventId: string;
}

/**
 * A line ends with CR LF, LF or CR. A CR at the end of the text may be half of a CR LF, so it waits for the next piece.
 */
const LINE = /([^\r\n]*)(?:\r\n|\n|\r(?!$))/y;

/** Parses the text of one connection. */
export class SseParser {
  /** The reconnection time that the server requested; null until it does. */
  retryMs: number | null = null;
  #rest = "";
  #data: string[] = [];
  #type = "";
  /** The latest id of a block that is complete, whether it had data or not. */
  lastEventId: string;
  #lastEventId: string;
  #started = false;

  /**
   * @param lastEventId the latest id of the previous connection
   */
  constructor(lastEventId: string) {
    this.lastEventId = lastEventId;
    this.#lastEventId = lastEventId;
  }

  /**
   * Add a piece of text and return the events that it completes.
   *
   * @throws {SignalboxError} when one event exceeds `STREAM_EVENT_CHARS_MAX`
   */
  push(piece: string): SseEvent[] {
    const text = this.#rest + this.#withoutBom(piece);
    const events: SseEvent[] = [];
    let at = 0;
    for (;;) {
      LINE.lastIndex = at;
      const line = LINE.exec(text);
      if (line === null) break;
      at = LINE.lastIndex;
      const event = this.#line(line[1] ?? "");
      if (event !== null) events.push(event);
    }
    this.#rest = text.slice(at);
    this.#checkSize();
    return events;
  }

  #withoutBom(piece: string): string {
    if (this.#started || piece === "") return piece;
    this.#started = true;
    return piece.startsWith("\ufeff") ? piece.slice(1) : piece;
  }

  #checkSize(): void {
    const chars = this.#data.reduce((sum, line) => sum + line.length, this.#rest.length);
    if (chars <= STREAM_EVENT_CHARS_MAX) return;
    const message = `A stream event is longer than ${STREAM_EVENT_CHARS_MAX} characters.`;
    throw new SignalboxError({ status: 200, code: "PROTOCOL_ERROR", message });
  }

  #line(line: string): SseEvent | null {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return null; // a comment
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    this.#field(field, value);
    return null;
  }

  #field(field: string, value: string): void {
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#type = value;
    else if (field === "id" && !value.includes("\u0000")) this.#lastEventId = value;
    else if (field === "retry" && /^\d{1,9}$/.test(value)) this.retryMs = Number(value);
  }

  #dispatch(): SseEvent | null {
    const data = this.#data;
    const type = this.#type === "" ? "message" : this.#type;
    this.#data = [];
    this.#type = "";
    this.lastEventId = this.#lastEventId;
    return data.length === 0 ? null : { type, data: data.join("\n"), lastEventId: this.lastEventId };
  }
}
