/** Which queries are read again because of an event of the stream, and not because of what the person did. */
import { hashKey, type Query } from "@tanstack/react-query";

const hashes = new Set<string>();

export function noteByStream({ queryHash }: Query): void {
  hashes.add(queryHash);
}

/** Once for each event. */
export function isByStream(queryKey: readonly unknown[]): boolean {
  return hashes.delete(hashKey(queryKey));
}
