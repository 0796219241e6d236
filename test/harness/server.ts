/** A complete server for wire tests, with its own data directory, a free port on loopback, and a known first key. */
import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { type Environment, loadConfig } from "../../src/config.ts";
import type { Fault } from "../../src/domain/errors.ts";
import { startSignalbox } from "../../src/signalbox.ts";
import type { ThreadsOptions } from "../../src/store/store.ts";
import { prepareDataDir } from "../fixtures/empty-store.ts";
import { runHere } from "../fixtures/threads-here.ts";
import { storeOfServer } from "../postgres/store-of-server.ts";

export interface TestServer extends Client {
  readonly url: string;
  /** The first tenant's first key, which has the role `global_admin`. */
  readonly apiKey: string;
  close(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed JSON, or an empty object if the response is not a JSON object. */
  readonly body: AnswerBody;
  /** The parsed JSON if the response is an array, otherwise empty. */
  readonly rows: readonly AnswerBody[];
  /** The error code, whatever the surface's error format. */
  readonly code: string | undefined;
  /** The fields named in the error. */
  readonly faultyFields: readonly string[];
}

/** The fields of all responses together. A test that reads a field its response lacks gets undefined and fails. */
export interface AnswerBody {
  readonly details?: readonly { readonly field: string; readonly rule: string }[];
  readonly active: boolean;
  readonly api_key: string;
  readonly attempts: readonly AnswerBody[];
  readonly attempts_count: number;
  readonly batch_id: string;
  readonly choice: string | null;
  readonly count: number;
  readonly classification: string;
  readonly created: boolean;
  readonly created_at: string;
  readonly created_by: string | null;
  readonly created_deliveries: number;
  readonly basic: { readonly username: string } | null;
  readonly data: { readonly success: boolean; readonly httpStatus: number | null; readonly message: string };
  readonly deliveries: readonly AnswerBody[];
  readonly decided_by: string | null;
  readonly delivery_id: string;
  readonly deleted_at: string;
  readonly deleted_id: string;
  readonly duplicate: boolean;
  readonly email: string;
  readonly endpoint_deleted: boolean;
  readonly endpoint_id: string;
  readonly endpoint_name: string;
  readonly error: { readonly code: string; readonly message: string; readonly details: readonly Fault[] };
  readonly event_id: string;
  readonly events: readonly string[];
  readonly event_ids: readonly string[];
  readonly expires_at: string;
  readonly has_more: boolean;
  readonly hint: string | null;
  readonly headers_json: Readonly<Record<string, string>>;
  readonly hmac: Readonly<Record<string, unknown>> | null;
  readonly id: string;
  readonly inbound_event_id: string | null;
  readonly job_id: string;
  readonly keys: readonly AnswerBody[];
  readonly last_error: string | null;
  readonly last_used_at: string | null;
  readonly last_http_status: number | null;
  readonly max_in_flight: number;
  readonly message: string;
  readonly name: string;
  readonly next_attempt_at: string | null;
  readonly next_cursor: string | null;
  readonly not_delivered: readonly AnswerBody[];
  readonly metadata: unknown;
  readonly notification: { readonly status: string; readonly reason: string | null };
  readonly notes: string | null;
  readonly notifications_triggered: boolean;
  readonly options: readonly string[];
  readonly outcome: AnswerBody;
  readonly pause_id: string;
  readonly paused_at: string | null;
  readonly pauses: readonly AnswerBody[];
  readonly pagination: { readonly page: number; readonly limit: number; readonly total: number };
  readonly pause_status_url: string | null;
  readonly payload_valid: boolean;
  readonly previous_expires_at: string;
  readonly raw_payload: unknown;
  readonly reason: string;
  readonly recipient: string | null;
  readonly rejection_reason: string | null;
  readonly reprocessed_at: string | null;
  readonly respond_url: string;
  readonly response_at: string | null;
  readonly response_choice: string | null;
  readonly response_text: string | null;
  readonly results: readonly AnswerBody[];
  readonly role: string;
  readonly scheme: string;
  readonly secret: string;
  readonly source_id: string | null;
  readonly state: string;
  readonly status: string;
  readonly status_code: number;
  readonly terminal_reason: string | null;
  readonly timeout_seconds: number;
  readonly topics: readonly string[];
  readonly total: number;
  readonly transition_direction: string | null;
  readonly type: string;
  readonly users: readonly AnswerBody[];
  readonly url: string;
  readonly waiting: { readonly count: number; readonly more: boolean };
  readonly webhook_event_id: string;
  readonly webhooks: readonly AnswerBody[];
}

export interface RequestOptions {
  /** Null sends no key. If omitted, the client sends its own key. */
  readonly key?: string | null;
  /** Strings and bytes are sent unchanged. Anything else is sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Client {
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** A client of the same server with another key. */
  as(key: string): Client;
}

const ADMIN_KEY = `sb_live_${"0123456789abcdef".repeat(3)}`;

type StartRunner = NonNullable<ThreadsOptions["startRunner"]>;

/** Runs cleanup when a test, or a test file, ends. */
export interface Scope {
  after(end: () => void | Promise<void>): void;
}

/**
 * Starts a server that allows `http:` endpoints on loopback.
 *
 * @param env adds or replaces settings
 * @param startRunner how the store's threads run. By default in the main thread, which halves the CPU time of a start
 */
export async function startServer(
  scope: Scope,
  env: Environment = {},
  startRunner: StartRunner = runHere,
): Promise<TestServer> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "signalbox-test-"));
  prepareDataDir(dataDir);
  const store = await storeOfServer();
  const config = loadConfig({
    HOST: "127.0.0.1",
    PORT: "0",
    LOG_LEVEL: "silent",
    SIGNALBOX_DATA_DIR: dataDir,
    SIGNALBOX_API_KEY: ADMIN_KEY,
    SIGNALBOX_ALLOW_HTTP: "true",
    SIGNALBOX_ALLOW_NETWORKS: "127.0.0.0/8,::1/128",
    ...store.settings,
    ...env,
  });
  const running = await startSignalbox(config, { startRunner });
  let closed: Promise<void> | null = null;
  const close = async (): Promise<void> => {
    closed ??= running.close().then(async () => {
      await rm(dataDir, { recursive: true, force: true });
      await store.release();
    });
    await closed;
  };
  scope.after(close);
  return { ...clientOf(running.url, ADMIN_KEY), url: running.url, apiKey: ADMIN_KEY, close };
}

/** Creates a tenant for one test, so that the tests of a file can share a server. */
export async function newTenant(server: TestServer): Promise<Tenant> {
  const made = await server.request("POST", "/v1/tenants", { body: { name: "a test's own" } });
  if (made.status !== 201) throw new Error(`the tenant was not created: ${made.text}`);
  return { ...clientOf(server.url, made.body.api_key), id: made.body.id, apiKey: made.body.api_key };
}

export interface Tenant extends Client {
  readonly id: string;
  /** A key with the role `org_admin`. */
  readonly apiKey: string;
}

export function clientOf(url: string, ownKey: string): Client {
  return {
    as: (key) => clientOf(url, key),
    async request(method, path, { key = ownKey, body, headers = {} } = {}) {
      const isRaw = typeof body === "string" || body instanceof Uint8Array;
      const answer = await send(url + path, {
        method,
        headers: {
          ...(key !== null && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers,
        },
        ...(body !== undefined && { body: isRaw ? body : JSON.stringify(body) }),
      });
      return answerOf(answer.statusCode ?? 0, headersOf(answer), await textOf(answer));
    },
  };
}

interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** In place of `fetch`, which takes several times the CPU time per request. Does not follow redirects. */
function send(url: string, { method, headers, body }: Sent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // Node sends the length of a DELETE's body only if told so.
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    const sent = request(url, { method, headers: { ...length, ...headers } });
    sent.on("response", resolve);
    sent.on("error", reject); // also after the response, which may come before all of the body has been sent
    sent.end(body);
  });
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
  return headers;
}

/** Decodes the text as `fetch` does. Returns an empty text for an event stream, because a stream does not end. */
async function textOf(answer: IncomingMessage): Promise<string> {
  if (answer.headers["content-type"]?.startsWith("text/event-stream")) {
    answer.destroy();
    return "";
  }
  return new TextDecoder().decode(await buffer(answer));
}

function answerOf(status: number, headers: Headers, text: string): Answer {
  const value = parse(text);
  const body = (typeof value === "object" && value !== null ? value : {}) as AnswerBody;
  const error: unknown = body.error;
  return {
    status,
    headers,
    text,
    body,
    rows: Array.isArray(value) ? value : [],
    code: typeof error === "string" ? error : body.error?.code,
    faultyFields: typeof error === "string" ? [] : (body.error?.details ?? []).map(({ field }) => field),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
