/** What nodes tell each other at once, and would find in the store later. A note can be lost. */
import type { News, Topic } from "../../domain/history/news.ts";
import type { Seq } from "../../domain/ids.ts";

export type NodeNote =
  /** `changesSince` has something new, or a note was lost. */
  | { readonly kind: "changed" }
  /** `tail` has new outcomes of these tenants. */
  | { readonly kind: "outcomes"; readonly tenantSeqs: readonly Seq[] }
  | { readonly kind: "news"; readonly tenantSeq: Seq; readonly news: News }
  /** There were too many news of these topics to send all of them. */
  | { readonly kind: "missed"; readonly tenantSeqs: readonly Seq[]; readonly topics: readonly Topic[] }
  /** News of any tenant and topic may be lost. */
  | { readonly kind: "missedAny" };

export interface NodeNotes {
  send(note: NodeNote): void;
  /** Called with every note of another node. */
  listen(onNote: (note: NodeNote) => void): void;
}
