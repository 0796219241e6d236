/** What is kept of refused requests, by source and network: counted in memory, since a flood must not count rows. */
import { LRUCache } from "lru-cache";
import { networkOf } from "../../../domain/endpoints/network.ts";
import type { Seq } from "../../../domain/ids.ts";
import { REFUSED_KEPT_COUNT_MAX } from "../../../domain/limits.ts";
import type { Connection } from "../connection.ts";
import { all } from "../read-connection.ts";

/** Everything refused of a source; null: of nobody known. */
type Bucket = Seq | null;

export interface Refusals {
  /** One was inserted. Answers those that have to go for it: of the network with the most, the oldest. */
  entered(bucket: Bucket, address: string, seq: Seq): readonly Seq[];
  /** One went, or was verified. */
  left(bucket: Bucket): void;
  clear(): void;
}

interface Kept {
  count: number;
  /** Each network's own, oldest first; the networks in order of their first ones. */
  readonly byNetwork: Map<string, Seq[]>;
}

/** Buckets remembered, of at most a thousand addresses: some 10 MB. */
const BUCKETS_MAX = 100;
/** Those that one makes room by: more than one only where the limit was once higher. */
const GOING_MAX = 2;

// Ordered and covered by inbound_refused; at most as many rows as are kept.
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

export function createRefusals(connection: Connection): Refusals {
  const remembered = new LRUCache<Seq, Kept>({ max: BUCKETS_MAX });
  const keyOf = (bucket: Bucket): Seq => bucket ?? 0;

  function read(bucket: Bucket): Kept {
    const kept: Kept = { count: 0, byNetwork: new Map() };
    const rows = bucket === null ? all<Refused>(connection, OF_NOBODY) : all<Refused>(connection, OF_SOURCE, bucket);
    for (const { seq, address } of rows) enter(kept, address, seq);
    remembered.set(keyOf(bucket), kept);
    return kept;
  }

  return {
    entered(bucket, address, seq) {
      let kept = remembered.get(keyOf(bucket));
      // The row is there already.
      if (kept === undefined) kept = read(bucket);
      else enter(kept, address, seq);
      const going: Seq[] = [];
      while (kept.count > REFUSED_KEPT_COUNT_MAX && going.length < GOING_MAX) going.push(takeOldestOfMost(kept));
      return going;
    },
    left: (bucket) => void remembered.delete(keyOf(bucket)),
    clear: () => remembered.clear(),
  };
}

function enter(kept: Kept, address: string, seq: Seq): void {
  const network = networkOf(address);
  const seqs = kept.byNetwork.get(network);
  if (seqs === undefined) kept.byNetwork.set(network, [seq]);
  else seqs.push(seq);
  kept.count += 1;
}

/** Of several with as many, the one that came first. */
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
