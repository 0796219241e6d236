/**
 * `fetch` over `node:http`, as far as the SDK uses it, for servers that are Signalbox. On Node 20, the first use of the
 * global `fetch` takes 0.2 s of CPU time. This one takes 0.03 s.
 */
import type http from "node:http";
import { createRequire } from "node:module";
import type tls from "node:tls";

/** Every response of Signalbox has it. */
const SERVER_HEADER = "x-signalbox";
/** Misdirected Request (RFC 9110 §15.5.20): what a fault that no retry can fix becomes. The SDK never retries it. */
export const UNUSABLE_STATUS = 421;
/** The time for a whole response, above the 30 s that a test of an endpoint can take. Long polls and streams have their own. */
const RESPONSE_MS = 45_000;
/** The time to find out whether a server speaks TLS. */
const HANDSHAKE_MS = 2000;
/** Responses that a proxy may give in front of Signalbox: too large, too many, or the server is away. */
const MAY_BE_A_PROXYS = new Set([400, 408, 413, 414, 429, 431]);

/** Loaded at the first request: an `import` would slow down the help. */
const load = createRequire(import.meta.url);

type Answer = Pick<Response, "ok" | "status" | "text"> & {
  readonly headers: Pick<Headers, "get">;
  readonly body: { getReader(): { read(): Promise<IteratorResult<Uint8Array, unknown>> } };
};

export const fetchOverHttp = fetchWithin(RESPONSE_MS);

/** @param responseMs the time for a whole response. Further tries would only multiply it, so the SDK makes none */
export function fetchWithin(responseMs: number): typeof fetch {
  return (async (url: string, init: RequestInit) => {
    const { accept } = init.headers as Record<string, string>;
    const isLong = accept !== "application/json" || new URL(url).searchParams.has("wait");
    if (isLong) return send(url, init);
    const late = AbortSignal.timeout(responseMs);
    try {
      const answer = await send(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, late]) : late });
      const text = await answer.text();
      return { ...answer, text: async () => text };
    } catch (error) {
      if (!late.aborted) throw error;
      return unusable("TIMEOUT", `${new URL(url).origin} did not respond within ${responseMs / 1000} s.`);
    }
  }) as unknown as typeof fetch;
}

function send(url: string, { method, headers, body, signal }: RequestInit): Promise<Answer> {
  const { request }: typeof http = load(url.startsWith("https:") ? "node:https" : "node:http");
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method,
      headers: {
        ...(headers as Record<string, string>),
        // A DELETE would have neither a length nor chunks.
        ...(typeof body === "string" && { "content-length": Buffer.byteLength(body) }),
      },
      ...(signal && { signal }),
    });
    sent.on("error", (error) =>
      protocolFault(url, error).then((fault) => (fault ? resolve(fault) : reject(single(error)))),
    );
    sent.on("response", (response) => resolve(isForeign(response) ? foreign(url, response) : answerOf(response)));
    sent.end(body ?? undefined);
  });
}

/** A name with several addresses fails once for each, with an error whose message is empty. OpenSSL ends its with a line break. */
function single(error: Error): Error {
  const first = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  first.message = first.message.trim().replaceAll(/\s+/g, " ");
  return first;
}

function isForeign({ headers, statusCode: status = 0 }: http.IncomingMessage): boolean {
  return headers[SERVER_HEADER] === undefined && status < 500 && !MAY_BE_A_PROXYS.has(status);
}

function answerOf(response: http.IncomingMessage): Answer {
  const { statusCode: status = 0, headers } = response;
  return {
    status,
    ok: status >= 200 && status < 300,
    headers: { get: (name) => headers[name]?.toString() ?? null },
    async text() {
      const chunks: Uint8Array[] = [];
      for await (const chunk of response) chunks.push(chunk);
      return Buffer.concat(chunks).toString();
    },
    body: {
      getReader() {
        const chunks: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]();
        return { read: () => chunks.next() };
      },
    },
  };
}

function foreign(url: string, response: http.IncomingMessage): Answer {
  response.destroy();
  const { origin } = new URL(url);
  const { location } = response.headers;
  const how = location === undefined ? `the status ${response.statusCode}` : `a redirect to ${location}`;
  const message = `${origin} does not look like a Signalbox server of version 0.3 or later: it responded with ${how}. Check the address.`;
  return unusable("NOT_SIGNALBOX", message);
}

function unusable(code: string, message: string): Answer {
  const text = JSON.stringify({ error: { code, message } });
  const nothing: Answer["body"] = { getReader: () => ({ read: async () => ({ done: true, value: undefined }) }) };
  return { status: UNUSABLE_STATUS, ok: false, headers: { get: () => null }, text: async () => text, body: nothing };
}

/** Whether the error comes from `https` to a port without TLS, or the other way round. */
async function protocolFault(url: string, error: Error): Promise<Answer | null> {
  const { protocol, origin, host } = new URL(url);
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code === "EPROTO" && /wrong version number|packet length too long|http request/.test(message)) {
    return unusable("NO_TLS", `${origin} does not speak TLS. Did you mean http://${host}?`);
  }
  const isCut = protocol === "http:" && code === "ECONNRESET";
  if (!isCut || !(await speaksTls(url))) return null;
  return unusable("NEEDS_TLS", `${origin} speaks only TLS. Did you mean https://${host}?`);
}

function speaksTls(url: string): Promise<boolean> {
  const { connect }: typeof tls = load("node:tls");
  const { hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  const socket = connect({ host, port: Number(port || 80), rejectUnauthorized: false, timeout: HANDSHAKE_MS });
  return new Promise<boolean>((resolve) => {
    socket.on("secureConnect", () => resolve(true));
    for (const event of ["error", "close", "timeout"]) socket.on(event, () => resolve(false));
  }).finally(() => socket.destroy());
}
