/**
 * Forwards MCP messages from standard input to `POST /mcp`, and the responses to standard output. The tools run on the
 * server, so that nothing on this machine can change what they may do.
 */
import { type Message, messageOf, parseMessage } from "./message.ts";

export interface BridgeOptions {
  readonly url: string;
  readonly apiKey: string;
  readonly fetch: typeof fetch;
  readonly write: (line: string) => Promise<void>;
}

const PARSE_ERROR = -32_700;
const INTERNAL_ERROR = -32_603;
const CANCELLED = "notifications/cancelled";
const ACCEPTED = 202;

export class Bridge {
  readonly #options: BridgeOptions;
  /** The requests whose responses are awaited, by their ids. */
  readonly #pending = new Map<unknown, AbortController>();
  readonly #sent = new Set<Promise<void>>();
  /** What `initialize` agreed on. Later versions of the protocol name theirs in each message. */
  #version: string | null = null;

  constructor(options: BridgeOptions) {
    this.#options = options;
  }

  /** Until the input ends, which is how a host stops its servers. */
  async run(input: AsyncIterable<Uint8Array | string>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of input) {
      const lines = (rest + (typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }))).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") this.#take(line);
    }
    if (rest.trim() !== "") this.#take(rest);
    this.close();
    await Promise.all(this.#sent);
  }

  /** The server notices that nobody waits any more. */
  close(): void {
    for (const request of this.#pending.values()) request.abort();
  }

  #take(line: string): void {
    const message = parseMessage(line);
    if (message === null) {
      void this.#say({
        jsonrpc: "2.0",
        id: null,
        error: { code: PARSE_ERROR, message: "The line is not a JSON object." },
      });
      return;
    }
    // Over HTTP, a client cancels a request by closing its connection.
    if (message.method === CANCELLED) this.#pending.get(message.params?.requestId)?.abort();
    else this.#track(this.#forward(message, line));
  }

  #track(work: Promise<void>): void {
    this.#sent.add(work);
    void work.finally(() => this.#sent.delete(work));
  }

  async #forward(message: Message, text: string): Promise<void> {
    const cancelled = new AbortController();
    const { id } = message;
    if (id !== undefined) this.#pending.set(id, cancelled);
    try {
      await this.#exchange(message, text, cancelled.signal);
    } catch (error) {
      if (!cancelled.signal.aborted) {
        await this.#fail(message, `${this.#options.url} is out of reach: ${(error as Error).message}`);
      }
    } finally {
      this.#pending.delete(id);
    }
  }

  /** @param body the message as the host wrote it: parsing and printing it would change large numbers */
  async #exchange(message: Message, body: string, signal: AbortSignal): Promise<void> {
    const { url, apiKey, fetch } = this.#options;
    const headers = {
      authorization: `Bearer ${apiKey}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...this.#protocolHeaders(message),
    };
    const response = await fetch(`${url}/mcp`, { method: "POST", headers, body, signal });
    if (response.status === ACCEPTED) return;
    if (response.headers.get("content-type")?.startsWith("text/event-stream") === true) {
      for await (const data of eventsOf(response)) await this.#relay(message, data);
      return;
    }
    const text = await response.text();
    const answer = parseMessage(text);
    if (answer?.jsonrpc === "2.0") await this.#relay(message, text);
    else await this.#fail(message, messageOf(answer) ?? `${url} responded with the status ${response.status}.`);
  }

  /** What the protocol of 2026-07-28 repeats in headers, and the version that an older client agreed on. */
  #protocolHeaders({ method, params }: Message): Record<string, string> {
    const named = params?._meta?.["io.modelcontextprotocol/protocolVersion"];
    if (named === undefined) return this.#version === null ? {} : { "mcp-protocol-version": this.#version };
    const name = params?.name ?? params?.uri ?? params?.taskId;
    return {
      "mcp-protocol-version": String(named),
      ...(method !== undefined && { "mcp-method": method }),
      ...(typeof name === "string" && { "mcp-name": headerText(name) }),
    };
  }

  async #relay({ method }: Message, text: string): Promise<void> {
    const message = parseMessage(text);
    if (message === null) return;
    const version = message.result?.protocolVersion;
    if (method === "initialize" && typeof version === "string") this.#version = version;
    // A message is one line.
    await this.#options.write(`${/[\r\n]/.test(text.trim()) ? JSON.stringify(message) : text.trim()}\n`);
  }

  async #fail({ id }: Message, message: string): Promise<void> {
    if (id === undefined) return;
    await this.#say({ jsonrpc: "2.0", id, error: { code: INTERNAL_ERROR, message } });
  }

  #say(message: object): Promise<void> {
    return this.#options.write(`${JSON.stringify(message)}\n`);
  }
}

/** As the protocol encodes what a header cannot carry. */
function headerText(text: string): string {
  return /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(text) && !text.startsWith("=?")
    ? text
    : `=?base64?${Buffer.from(text).toString("base64")}?=`;
}

/** The data of each server-sent event. JSON has no line breaks, so that it is one line. */
async function* eventsOf(response: Response): AsyncGenerator<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const piece = await reader?.read();
    if (piece?.value === undefined) return;
    const lines = (rest + decoder.decode(piece.value, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.startsWith("data:")) yield line.slice(5);
  }
}
