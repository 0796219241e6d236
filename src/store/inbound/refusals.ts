/**
 * Limits how many refused requests are kept, by source and network. It counts in memory, since a flood must not count
 * rows.
 */
import { LRUCache } from "lru-cache";
import { networkOf } from "../../domain/endpoints/network.ts";
import type { Seq } from "../../domain/ids.ts";
import { entriesMax, REFUSED_KEPT_COUNT_MAX } from "../../domain/limits.ts";
import type { Connection } from "../connection.ts";
import { all } from "../read-connection.ts";

/** The refused requests of a source; null for those of no known source. */
type Bucket = Seq | null;

interface Kept {
  count: number;
  /** The requests of each network, oldest first. The networks are in the order of their first requests. */
  readonly byNetwork: Map<string, Seq[]>;
}

/** How many buckets are cached, each of at most a thousand addresses: about 10 MB. */
const BUCKETS_MAX = 100;
/** Those to delete. There is more than one only if the limit was once higher. */
const GOING_MAX = 2;

// Ordered and covered by inbound_refused. No more rows than are kept.
const OF_SOURCE = `
  SELECT seq, address
  FROM inbound INDEXED BY inbound_refused
  WHERE source_seq = ? AND valid = 0
  ORDER BY seq`;
const OF_NOBODY = `
  SELECT seq, address
  FROM inbound INDEXED BY inbound_refused
  WHERE source_seq IS NULL AND valid = 0
  ORDER BY seq`;

interface Refused {
  readonly seq: Seq;
  readonly address: string;
}

export class Refusals {
  readonly #connection: Connection;
  readonly #remembered = new LRUCache<Seq, Kept>(entriesMax(BUCKETS_MAX));

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Note that one was inserted. Returns those to delete for it: the oldest of the network that has the most. */
  entered(bucket: Bucket, address: string, seq: Seq): readonly Seq[] {
    let kept = this.#remembered.get(keyOf(bucket));
    // The row has been inserted already.
    if (kept === undefined) kept = this.#read(bucket);
    else enter(kept, address, seq);
    const going: Seq[] = [];
    while (kept.count > REFUSED_KEPT_COUNT_MAX && going.length < GOING_MAX) going.push(takeOldestOfMost(kept));
    return going;
  }

  /** Note that one was deleted or verified. */
  left(bucket: Bucket): void {
    this.#remembered.delete(keyOf(bucket));
  }

  clear(): void {
    this.#remembered.clear();
  }

  #read(bucket: Bucket): Kept {
    const kept: Kept = { count: 0, byNetwork: new Map() };
    const rows =
      bucket === null ? all<Refused>(this.#connection, OF_NOBODY) : all<Refused>(this.#connection, OF_SOURCE, bucket);
    for (const { seq, address } of rows) enter(kept, address, seq);
    this.#remembered.set(keyOf(bucket), kept);
    return kept;
  }
}

const keyOf = (bucket: Bucket): Seq => bucket ?? 0;

function enter(kept: Kept, address: string, seq: Seq): void {
  const network = networkOf(address);
  const seqs = kept.byNetwork.get(network);
  if (seqs === undefined) kept.byNetwork.set(network, [seq]);
  else seqs.push(seq);
  kept.count += 1;
}

/** Of several with the same number, the one that came first. */
function takeOldestOfMost(kept: Kept): Seq {
  let most: string | null = null;
  let mostSeqs: Seq[] = [];
  for (const [network, seqs] of kept.byNetwork) {
    if (seqs.length > mostSeqs.length) [most, mostSeqs] = [network, seqs];
  }
  const oldest = mostSeqs.shift();
  if (most === null || oldest === undefined) throw new Error("nothing refused is kept");
  if (mostSeqs.length === 0) kept.byNetwork.delete(most);
  kept.count -= 1;
  return oldest;
}
