/** Whether this node may still write. */
import { NodeGone } from "../../domain/errors.ts";
import type { Writing } from "../writing.ts";

/** Asks for the standing of this node. The returned function throws NodeGone when the others have taken it for dead. */
export function checkStanding(w: Writing): () => void {
  if (!w.isShared || w.self.node === 0 || w.mode.enters) return () => undefined;
  const alive = w.prepare("SELECT 1 FROM nodes WHERE node = ? AND gone_at IS NULL").allLater(w.self.node);
  return () => {
    if (alive().length === 0) throw new NodeGone();
  };
}
