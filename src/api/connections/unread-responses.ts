/** Limits the memory of responses that are complete but that their clients have not read yet, over all connections. */
import { type IncomingMessage, ServerResponse } from "node:http";
import { UNREAD_RESPONSES_BYTES_MAX } from "../http/limits.ts";

/** Responses whose body is one buffer for all clients, so that another client does not cost more memory. */
const shared = new WeakSet<ServerResponse>();

/** Exempt a response whose body is a shared buffer. */
export function markShared(response: ServerResponse): void {
  shared.add(response);
}

/** A response class. When unread responses exceed the limit, it closes the connections of the oldest ones. */
export function boundedResponses(bytesMax = UNREAD_RESPONSES_BYTES_MAX): typeof ServerResponse<IncomingMessage> {
  /** Oldest first. */
  const unread = new Map<ServerResponse, number>();
  let bytes = 0;

  function forget(response: ServerResponse): void {
    bytes -= unread.get(response) ?? 0;
    unread.delete(response);
  }

  function count(response: ServerResponse, size: number): void {
    bytes += size;
    unread.set(response, size);
    response.once("close", () => forget(response));
    for (const oldest of unread.keys()) {
      if (bytes <= bytesMax || oldest === response) return;
      forget(oldest);
      oldest.socket?.destroy();
    }
  }

  return class extends ServerResponse<IncomingMessage> {
    override end(...args: unknown[]): this {
      Reflect.apply(super.end, this, args);
      // Almost always zero: the system has taken everything immediately.
      const size = this.socket?.writableLength ?? 0;
      if (size > 0 && !shared.has(this)) count(this, size);
      return this;
    }
  };
}
