/** Whether there is disk space for new events. */
import { BALLAST_BYTES, ROOM_LOOK_MS } from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Connection } from "../../connection.ts";
import { type Ballast, createBallast } from "./ballast.ts";

export class DiskSpace {
  readonly #connection: Connection;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #ballast: Ballast;
  #isThere = true;
  #lookAt = 0;

  constructor(connection: Connection, ballastFile: string, clock: Pick<Clock, "monotonicMs">) {
    this.#connection = connection;
    this.#clock = clock;
    this.#ballast = createBallast(ballastFile);
    this.#ballast.restore();
  }

  /** While there is none, it is checked at most once in `ROOM_LOOK_MS`, since writing the ballast takes a moment. */
  isThere(): boolean {
    if (this.#isThere) return true;
    const now = this.#clock.monotonicMs();
    if (now < this.#lookAt) return false;
    this.#lookAt = now + ROOM_LOOK_MS;
    this.#isThere = hasRoom(this.#connection, this.#ballast);
    return this.#isThere;
  }

  /** The disk is full: free the ballast's space, for verbs that end or free something. */
  ranOut(): void {
    this.#ballast.drop();
    this.#isThere = false;
    this.#lookAt = this.#clock.monotonicMs() + ROOM_LOOK_MS;
  }
}

/** On the disk, or in the file itself: retention leaves free pages in the file and does not shrink it. */
function hasRoom({ prepare }: Connection, ballast: Ballast): boolean {
  if (ballast.restore()) return true;
  const pages = Number(prepare("PRAGMA freelist_count").get()?.freelist_count);
  return pages * Number(prepare("PRAGMA page_size").get()?.page_size) >= BALLAST_BYTES;
}
