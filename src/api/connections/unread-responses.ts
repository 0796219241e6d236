/** Answers that are ready and that their readers have not taken: bounded in bytes over all connections. */
import { type IncomingMessage, ServerResponse } from "node:http";
import { UNREAD_RESPONSES_BYTES_MAX } from "../http/limits.ts";

/** Answers whose bytes are the same for everybody: another reader of one takes no more memory. */
const shared = new WeakSet<ServerResponse>();

/** Its body is one buffer for all readers. */
export function markShared(answer: ServerResponse): void {
  shared.add(answer);
}

/** A class of answers that drops its oldest untaken ones, with their connections, when all together hold too many bytes. */
export function boundedResponses(bytesMax = UNREAD_RESPONSES_BYTES_MAX): typeof ServerResponse<IncomingMessage> {
  /** The oldest first. */
  const untaken = new Map<ServerResponse, number>();
  let bytes = 0;

  function forget(answer: ServerResponse): void {
    bytes -= untaken.get(answer) ?? 0;
    untaken.delete(answer);
  }

  function count(answer: ServerResponse, size: number): void {
    bytes += size;
    untaken.set(answer, size);
    answer.once("close", () => forget(answer));
    for (const oldest of untaken.keys()) {
      if (bytes <= bytesMax || oldest === answer) return;
      forget(oldest);
      oldest.socket?.destroy();
    }
  }

  return class extends ServerResponse<IncomingMessage> {
    override end(...args: unknown[]): this {
      Reflect.apply(super.end, this, args);
      // Zero when the system took all of it at once, as it does nearly always.
      const size = this.socket?.writableLength ?? 0;
      if (size > 0 && !shared.has(this)) count(this, size);
      return this;
    }
  };
}
