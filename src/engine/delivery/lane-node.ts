/** What a lane knows of its node, and of the others. */
import type { AttemptReaders } from "../../ports/sender.ts";

/** How many nodes are alive. */
export interface NodeCount {
  readonly count: number;
}

export const ONE_NODE: NodeCount = { count: 1 };

/** Who reads listeners on this node. */
export type Readers = Pick<AttemptReaders, "isRead">;

export const NO_READERS: Readers = { isRead: () => false };
