/** Whether there is room on the disk for new events. */
import { BALLAST_BYTES, ROOM_LOOK_MS } from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Connection } from "../connection.ts";
import { type Ballast, createBallast } from "./ballast.ts";

export interface DiskSpace {
  /** Looked at again at most once in `ROOM_LOOK_MS` while there is none: writing the ballast takes a moment. */
  isThere(): boolean;
  /** The disk turned out to be full: what ends or frees something gets the ballast's place. */
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

/** On the disk, or in the file itself: retention leaves free pages there and does not shrink it. */
function hasRoom({ prepare }: Connection, ballast: Ballast): boolean {
  if (ballast.restore()) return true;
  const pages = Number(prepare("PRAGMA freelist_count").get()?.freelist_count);
  return pages * Number(prepare("PRAGMA page_size").get()?.page_size) >= BALLAST_BYTES;
}
