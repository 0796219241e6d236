/** Senders of inbound webhooks: sources, the requests that they sign, and forged requests in their names. */
import { createHmac } from "node:crypto";
import { memberOf, nextSeq, payloadText } from "./events.ts";
import { type NextRequest, postText } from "./requests.ts";
import type { Signalbox } from "./signalbox.ts";

export const PAUSE_STATUS = "/api/v1/webhooks/pause-status";
/** The event types of all webhooks that the sources send. */
export const SOURCE_EVENT_TYPES = ["pause_status.*", "github.*", "inbound.*"];
export const JCS_SOURCE = "bench_membership";
const SECRET = "a secret of both sides";
const CHANGED_AT = "2026-03-19T14:29:50.000Z";

/** One way in which a source sends webhooks. */
export interface Way {
  readonly next: NextRequest;
  /** The path of the list of records. A record's path is this path and its id. */
  readonly records: string;
}

/** Creates sources of three schemes. They send in four ways: two of `jcs`, one of `github` and one of `hmac`. */
export async function createWays(server: Signalbox): Promise<readonly Way[]> {
  const to = { port: server.port, apiKey: null };
  const create = async (name: string, scheme: string, more: object = {}): Promise<string> =>
    String((await server.call("POST", "/v1/sources", { name, scheme, secret: SECRET, ...more })).id);
  await create(JCS_SOURCE, "jcs");
  const github = await create("bench_repositories", "github", { event_type: { prefix: "github." } });
  const hmac = await create("bench_shop", "hmac", {
    hmac: { header: "x-bench-signature", timestamp_header: "x-bench-timestamp", delivery_id: { pointer: "/seq" } },
  });
  const recordsOf = (source: string) => `/v1/sources/${source}/events`;
  return [
    { records: PAUSE_STATUS, next: (sentUs) => postText(to, PAUSE_STATUS, embedded(nextSeq(), sentUs)) },
    {
      records: PAUSE_STATUS,
      next(sentUs) {
        const body = `${openTransition(JCS_SOURCE, memberOf(nextSeq(), sentUs))}}`;
        return postText(to, PAUSE_STATUS, body, `x-signature: sha256=${hmacOf(body)}\r\n`);
      },
    },
    {
      records: recordsOf(github),
      next(sentUs) {
        const seq = nextSeq();
        const body = payloadText(seq, sentUs);
        const names = `x-github-event: push\r\nx-github-delivery: ${seq}\r\n`;
        return postText(to, `/in/${github}`, body, `${names}x-hub-signature-256: sha256=${hmacOf(body)}\r\n`);
      },
    },
    {
      records: recordsOf(hmac),
      next(sentUs) {
        const body = payloadText(nextSeq(), sentUs);
        const seconds = Math.floor(Date.now() / 1000);
        const signature = hmacOf(`${seconds}.${body}`);
        return postText(
          to,
          `/in/${hmac}`,
          body,
          `x-bench-timestamp: ${seconds}\r\nx-bench-signature: ${signature}\r\n`,
        );
      },
    },
  ];
}

/** The ways take turns. */
export function inEachWay(ways: readonly Way[]): NextRequest {
  let turn = 0;
  return (sentUs) => ways[turn++ % ways.length]?.next(sentUs) ?? null;
}

interface Forging {
  /** The source that the requests name. Null: a new unknown name each time. */
  readonly source: string | null;
  readonly bodyBytes: number;
}

let forgeries = 0;

/** Pause statuses with different content each, and with a guessed signature. */
export function forged({ port }: Signalbox, { source, bodyBytes }: Forging): () => string {
  return () => {
    forgeries += 1;
    const open = openTransition(source ?? `nobody_${forgeries}`, `pm_${forgeries}`);
    const body = `${open},"text":"${"x".repeat(Math.max(0, bodyBytes - open.length - 11))}"}`;
    const guess = forgeries.toString(16).padStart(64, "0");
    return postText({ port, apiKey: null }, PAUSE_STATUS, body, `x-signature: sha256=${guess}\r\n`);
  };
}

/** Each is as expensive to verify as its size allows, because the server must compute the canonical form. */
export function forgedExpensive({ port }: Signalbox, source: string): () => string {
  const objects = Array.from({ length: EXPENSIVE_OBJECTS }, (_, index) => `"k${index}":{"z":1,"a":"é"}`).join(",");
  return () => {
    forgeries += 1;
    const open = openTransition(source, `pm_${forgeries}`);
    const guess = forgeries.toString(16).padStart(64, "0");
    // Connections write Latin-1, so each UTF-8 byte becomes one character.
    const body = Buffer.from(`${open},"all":{${objects}},"signature":"sha256=${guess}"}`).toString("latin1");
    return postText({ port, apiKey: null }, PAUSE_STATUS, body, "");
  };
}

/** About 210 KB. The server accepts 256 KB. */
const EXPENSIVE_OBJECTS = 8500;

const hmacOf = (text: string): string => createHmac("sha256", SECRET).update(text).digest("hex");

/** Keys in order, no white space and nothing to escape: the text is its own canonical form. */
function openTransition(source: string, member: string): string {
  const statuses = `"new_status":"paused","note":"${NOTE}","old_status":"active"`;
  return `{"changed_at":"${CHANGED_AT}","event_type":"member.status.changed","member_id":"${member}",${statuses},"source":"${source}"`;
}

/** Makes a body about as long as the other events here. */
const NOTE = "On leave until further notice, as agreed with the regional office by telephone.";

function embedded(seq: number, sentUs: number): string {
  const open = openTransition(JCS_SOURCE, memberOf(seq, sentUs));
  return `${open},"signature":"sha256=${hmacOf(`${open}}`)}"}`;
}

/** The total number of rows of a paginated list. */
export async function totalOf(server: Signalbox, path: string): Promise<number> {
  return ((await server.call("GET", path)).pagination as { readonly total: number }).total;
}
