/** What arrived, newest first, and which of it is shown. Bounded. */
import type { ListenAnswer, ListenRequest } from "../../../../../sdk/src/index.ts";

export interface Row {
  readonly request: ListenRequest;
  readonly at: Date;
  /** Null while it runs. */
  ended: { readonly answer: ListenAnswer; readonly accepted: boolean; readonly latencyMs: number } | null;
  /** It did not count: the connection broke, or the deadline passed. */
  over: "deadline" | "lost" | null;
}

const ROWS_MAX = 1000;
/** Payloads are kept for the details. */
const BODY_CHARS_MAX = 32 * 1024 * 1024;

export class Rows {
  #rows: Row[] = [];
  #chars = 0;
  filter = "";

  add(request: ListenRequest, at: Date): void {
    this.#rows.unshift({ request, at, ended: null, over: null });
    this.#chars += request.body.length;
    while (this.#rows.length > ROWS_MAX || (this.#chars > BODY_CHARS_MAX && this.#rows.length > 1)) {
      this.#chars -= this.#rows.pop()?.request.body.length ?? 0;
    }
  }

  find(request: ListenRequest): Row | undefined {
    return this.#rows.find((row) => row.request === request);
  }

  /** Those whose type, delivery, status or reason contains the filter. */
  shown(): readonly Row[] {
    const wanted = this.filter.toLowerCase();
    if (wanted === "") return this.#rows;
    return this.#rows.filter(({ request, ended }) => {
      const result = ended === null ? "" : "status" in ended.answer ? ended.answer.status : ended.answer.failure;
      return `${request.eventType} ${request.deliveryId} ${request.eventId} ${result}`.toLowerCase().includes(wanted);
    });
  }
}
