/** How far exports are, by the tokens that their callers chose. In memory, on every node. */
import type { ExportNews } from "../../domain/history/news.ts";
import type { EpochMs, Seq } from "../../domain/ids.ts";
import { EXPORT_SILENCE_MS_MAX, EXPORT_STATES_COUNT_MAX } from "../../domain/limits.ts";

export class ExportStates {
  /** The one that was silent for the longest time comes first. */
  readonly #states = new Map<string, { readonly news: ExportNews; readonly at: EpochMs }>();

  note(tenantSeq: Seq, news: ExportNews, now: EpochMs): void {
    const key = keyOf(tenantSeq, news.token);
    this.#states.delete(key);
    this.#states.set(key, { news, at: now });
    const [oldest] = this.#states.keys();
    if (this.#states.size > EXPORT_STATES_COUNT_MAX && oldest !== undefined) this.#states.delete(oldest);
  }

  /** Null for an export that is not known. A node that crashed does not tell how its exports ended. */
  find(tenantSeq: Seq, token: string, now: EpochMs): ExportNews | null {
    const found = this.#states.get(keyOf(tenantSeq, token));
    if (found === undefined) return null;
    const isSilent = found.news.state === "running" && now - found.at > EXPORT_SILENCE_MS_MAX;
    return isSilent ? null : found.news;
  }
}

function keyOf(tenantSeq: Seq, token: string): string {
  return `${tenantSeq} ${token}`;
}
