/** changesSince, for a store that several nodes share. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { Changes, LaneRevision } from "../../ports/store.ts";
import { laneState, readLane } from "../delivery/lane-rows.ts";
import { loadDestination } from "../endpoints/endpoint-rows.ts";
import { nextDueAt } from "../pauses/pause-endings.ts";
import { all, one, type ReadConnection } from "../read-connection.ts";
import { recordedSince } from "./foreign-changes.ts";

const REVISIONS = `
  SELECT endpoint_seq AS seq, revision
  FROM lanes
  WHERE endpoint_seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`;
// Served by lanes_ready.
const NEXT_READY = "SELECT min(ready_at) AS at FROM lanes WHERE ready_at IS NOT NULL AND owner IS NULL";

export function changesOfNodes(
  connection: ReadConnection,
  node: number,
  mark: string | null,
  lanes: readonly LaneRevision[] = [],
): Changes {
  return {
    ...recordedSince(connection, node, mark),
    lanes: changedLanes(connection, node, lanes),
    nextPauseAt: nextDueAt(connection),
    nextReadyAt: one<{ at: EpochMs | null }>(connection, NEXT_READY)?.at ?? null,
  };
}

function changedLanes(connection: ReadConnection, node: number, lanes: readonly LaneRevision[]): Changes["lanes"] {
  if (lanes.length === 0) return [];
  const known = new Map(lanes.map(({ endpointSeq, revision }) => [endpointSeq, revision]));
  const rows = all<{ seq: Seq; revision: number }>(connection, REVISIONS, JSON.stringify([...known.keys()]));
  return rows
    .filter(({ seq, revision }) => revision > (known.get(seq) ?? 0))
    .map(({ seq }) => {
      const lane = readLane(connection, seq);
      const endpoint = lane.deleted ? null : loadDestination(connection, seq);
      return { endpoint: endpoint instanceof Error ? null : endpoint, state: laneState(lane, node) };
    });
}
