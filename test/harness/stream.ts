/** Reads outcomes from `/v1/stream`. Tests wait for these signals instead of sleeping. */
import type { AnswerBody, Scope } from "./server.ts";

export interface StreamedOutcome {
  readonly id: string;
  readonly event: string;
  /** A row of the delivery list. */
  readonly row: AnswerBody;
}

export interface OutcomeReader {
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
  await blocks.next();
  const next = async (): Promise<StreamedOutcome> => {
    for (;;) {
      const block = await blocks.next();
      if (block.done) throw new Error("the stream ended");
      if (!block.value.startsWith(":")) return parseBlock(block.value);
    }
  };
  return {
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
