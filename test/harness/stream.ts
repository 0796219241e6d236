/**
 * Reads outcomes from `/v1/stream`, and attempts from a listener's stream. Tests wait for these signals instead of sleeping.
 */
import { randomBytes } from "node:crypto";
import type { AnswerBody, Scope } from "./server.ts";

export interface StreamedOutcome {
  readonly id: string;
  readonly event: string;
  /** A row of the delivery list. */
  readonly row: AnswerBody;
}

export interface OutcomeReader {
  /** The id from which on the stream has every outcome. */
  readonly position: string;
  /** The next outcome. Rejects if the stream ends first. */
  next(): Promise<StreamedOutcome>;
  /** The next outcome that puts this delivery into one of these states. */
  until(deliveryId: string, ...states: readonly string[]): Promise<StreamedOutcome>;
  /** Resolves when the server ends the stream. */
  ended(): Promise<void>;
  close(): void;
}

export async function followOutcomes(
  scope: Scope,
  url: string,
  key: string,
  lastEventId?: string,
  query = "",
): Promise<OutcomeReader> {
  const controller = new AbortController();
  scope.after(() => controller.abort());
  const answer = await fetch(`${url}/v1/stream${query}`, {
    signal: controller.signal,
    headers: { authorization: `Bearer ${key}`, ...(lastEventId !== undefined && { "last-event-id": lastEventId }) },
  });
  if (answer.status !== 200 || answer.body === null) throw new Error(`no stream: ${answer.status}`);
  const blocks = blocksOf(answer.body);
  // The server's first comment. The stream contains every outcome from this point on.
  const opened = await blocks.next();
  const [, position = ""] = /^id: (.*)$/m.exec(opened.value ?? "") ?? [];
  const next = async (): Promise<StreamedOutcome> => {
    for (;;) {
      const block = await blocks.next();
      if (block.done) throw new Error("the stream ended");
      if (!block.value.startsWith(":")) return parseBlock(block.value);
    }
  };
  return {
    position,
    next,
    async until(deliveryId, ...states) {
      for (;;) {
        const outcome = await next();
        if (outcome.row.id === deliveryId && states.includes(outcome.row.status)) return outcome;
      }
    },
    async ended() {
      while (!(await blocks.next()).done);
    },
    close: () => controller.abort(),
  };
}

async function* blocksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let pending = "";
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    pending += decoder.decode(chunk, { stream: true });
    const blocks = pending.split("\n\n");
    pending = blocks.pop() ?? "";
    yield* blocks;
  }
}

function parseBlock(block: string): StreamedOutcome {
  const fields = new Map(
    block.split("\n").map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]),
  );
  return {
    id: fields.get("id") ?? "",
    event: fields.get("event") ?? "",
    row: JSON.parse(fields.get("data") ?? "null"),
  };
}

// ── Listeners ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** The data of `open`. */
export interface Opened {
  readonly name: string;
  readonly status: string;
  readonly waiting: { readonly count: number; readonly more: boolean };
  readonly waiting_since: string | null;
}

/** The data of `attempt`. */
export interface AttemptData {
  readonly token: string;
  readonly delivery_id: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly attempt_number: number;
  readonly timeout_ms: number;
  readonly headers: readonly [string, string][];
  readonly body: string;
  readonly test: boolean;
}

/** An event as it stands on the wire. */
export interface ReaderEvent {
  readonly event: string;
  readonly data: unknown;
}

export interface TestReader {
  /** The data of `open`. */
  readonly opened: Opened;
  /** The next event. Rejects if the stream ends first. */
  next(): Promise<ReaderEvent>;
  /** The next attempt. */
  attempt(): Promise<AttemptData>;
  /** Resolves when the server ends the stream. */
  ended(): Promise<void>;
  /** Drop the connection. */
  close(): void;
}

export interface ListenAs {
  readonly url: string;
  readonly apiKey: string;
  readonly id: string;
  readonly reader?: string;
  readonly session?: string;
  readonly takeover?: boolean;
}

export function newSession(): string {
  return randomBytes(12).toString("base64url");
}

export async function requestStream({ url, apiKey, id, reader = "ada@laptop", ...how }: ListenAs, signal: AbortSignal) {
  const query = new URLSearchParams({ reader, session: how.session ?? newSession() });
  if (how.takeover === true) query.set("takeover", "true");
  return fetch(`${url}/v1/listeners/${id}/stream?${query}`, {
    signal,
    headers: { authorization: `Bearer ${apiKey}` },
  });
}

export async function listen(scope: Scope, as: ListenAs): Promise<TestReader> {
  const controller = new AbortController();
  scope.after(() => controller.abort());
  const answer = await requestStream(as, controller.signal);
  if (answer.status !== 200 || answer.body === null) throw new Error(`no stream: ${await answer.text()}`);
  const blocks = blocksOf(answer.body);
  const next = async (): Promise<ReaderEvent> => {
    for (;;) {
      const block = await blocks.next();
      if (block.done) throw new Error("the stream ended");
      if (!block.value.startsWith(":")) return eventOf(block.value);
    }
  };
  const first = await next();
  return {
    opened: first.data as Opened,
    next,
    async attempt() {
      const { event, data } = await next();
      if (event !== "attempt") throw new Error(`expected an attempt, and got ${event} ${JSON.stringify(data)}`);
      return data as AttemptData;
    },
    async ended() {
      while (!(await blocks.next()).done);
    },
    close: () => controller.abort(),
  };
}

function eventOf(block: string): ReaderEvent {
  const [event = "", data = ""] = block.split("\n");
  return { event: event.slice("event: ".length), data: JSON.parse(data.slice("data: ".length)) };
}
