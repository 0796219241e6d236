/** The requests of a load, as complete texts. Signalbox and the raw limit get the same ones. */
import { eventText, nextSeq } from "./events.ts";

/** Null: there is nothing more to send. */
export type NextRequest = (sentUs: number) => string | null;

interface To {
  readonly port: number;
  /** Null: without a key. */
  readonly apiKey: string | null;
}

/** One event per request. The event types take turns. */
export function singly(to: To, types: readonly string[]): NextRequest {
  const head = headOf(to, "/v1/events");
  let turn = 0;
  return (sentUs) => {
    const type = types[turn++ % types.length] ?? "";
    return post(head, eventText(type, nextSeq(), sentUs));
  };
}

interface Batches {
  readonly eventsEach: number;
  /** The number of events in total; unlimited by default. */
  readonly events?: number;
  readonly typeOf: (seq: number) => string;
}

export function inBatches(to: To, { eventsEach, events = Number.POSITIVE_INFINITY, typeOf }: Batches): NextRequest {
  const head = headOf(to, "/v1/events/batch");
  let left = events;
  return (sentUs) => {
    if (left <= 0) return null;
    const length = Math.min(eventsEach, left);
    left -= length;
    const texts = Array.from({ length }, () => {
      const seq = nextSeq();
      return eventText(typeOf(seq), seq, sentUs);
    });
    return post(head, `{"events":[${texts.join(",")}]}`);
  };
}

export function getText(to: To, path: string): string {
  return `GET ${path} HTTP/1.1\r\n${caller(to)}\r\n`;
}

/** @param headers complete lines, each with its line ending */
export function postText(to: To, path: string, body: string, headers = ""): string {
  return post(headOf(to, path, headers), body);
}

function headOf(to: To, path: string, headers = ""): string {
  return `POST ${path} HTTP/1.1\r\n${caller(to)}${headers}content-type: application/json\r\ncontent-length: `;
}

function caller({ port, apiKey }: To): string {
  return `host: 127.0.0.1:${port}\r\n${apiKey === null ? "" : `authorization: Bearer ${apiKey}\r\n`}`;
}

/** Every text here is ASCII, so its length in characters is its length in bytes. */
function post(head: string, body: string): string {
  return `${head}${body.length}\r\n\r\n${body}`;
}
