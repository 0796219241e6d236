/** Whether there is disk space for new events. */
import { BALLAST_BYTES, ROOM_LOOK_MS } from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Connection } from "../connection.ts";
import { type Ballast, createBallast } from "./ballast.ts";

export interface DiskSpace {
  /** While there is none, it is checked at most once in `ROOM_LOOK_MS`, since writing the ballast takes a moment. */
  isThere(): boolean;
  /** The disk is full: free the ballast's space, for verbs that end or free something. */
  ranOut(): void;
}

export function createDiskSpace(
  connection: Connection,
  ballastFile: string,
  clock: Pick<Clock, "monotonicMs">,
): DiskSpace {
  const ballast = createBallast(ballastFile);
  ballast.restore();
  let isThere = true;
  let lookAt = 0;

  return {
    isThere() {
      if (isThere) return true;
      const now = clock.monotonicMs();
      if (now < lookAt) return false;
      lookAt = now + ROOM_LOOK_MS;
      isThere = hasRoom(connection, ballast);
      return isThere;
    },
    ranOut() {
      ballast.drop();
      isThere = false;
      lookAt = clock.monotonicMs() + ROOM_LOOK_MS;
    },
  };
}

/** On the disk, or in the file itself: retention leaves free pages in the file and does not shrink it. */
function hasRoom({ prepare }: Connection, ballast: Ballast): boolean {
  if (ballast.restore()) return true;
  const pages = Number(prepare("PRAGMA freelist_count").get()?.freelist_count);
  return pages * Number(prepare("PRAGMA page_size").get()?.page_size) >= BALLAST_BYTES;
}
