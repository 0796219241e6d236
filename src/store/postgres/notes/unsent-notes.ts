/** What a node is about to tell the others: few news of each topic, and what it leaves out. */
import type { News, Topic } from "../../../domain/history/news.ts";
import type { Seq } from "../../../domain/ids.ts";
import { NODE_MISSED_TENANTS_COUNT_MAX, NODE_NEWS_OF_TOPIC_COUNT_MAX } from "../../../domain/limits.ts";
import type { NodeNote } from "../../../ports/store.ts";

export class UnsentNotes {
  /** Notes that say the same whether they are sent once or twice. */
  readonly #signals = new Set<"changed" | "missedAny">();
  #notes: NodeNote[] = [];
  readonly #newsOf = new Map<Topic, number>();
  readonly #missedTenants = new Set<Seq>();
  readonly #missedTopics = new Set<Topic>();

  add(note: NodeNote): void {
    if (note.kind === "changed" || note.kind === "missedAny") this.#signals.add(note.kind);
    else if (note.kind === "news") this.#addNews(note.tenantSeq, note.news);
    else this.#notes.push(note);
  }

  /** All notes since the last call. */
  take(): readonly NodeNote[] {
    const [tenantSeqs, topics] = [[...this.#missedTenants], [...this.#missedTopics]];
    const missed: readonly NodeNote[] = topics.length === 0 ? [] : [{ kind: "missed", tenantSeqs, topics }];
    const notes = [...[...this.#signals].map((kind) => ({ kind })), ...missed, ...this.#notes];
    this.#notes = [];
    for (const each of [this.#signals, this.#newsOf, this.#missedTenants, this.#missedTopics]) each.clear();
    return notes;
  }

  /** Each topic has its own limit: many events must not displace the news of a question. */
  #addNews(tenantSeq: Seq, news: News): void {
    const before = this.#newsOf.get(news.topic) ?? 0;
    this.#newsOf.set(news.topic, before + 1);
    if (before < NODE_NEWS_OF_TOPIC_COUNT_MAX) {
      this.#notes.push({ kind: "news", tenantSeq, news });
      return;
    }
    this.#missedTopics.add(news.topic);
    if (this.#missedTenants.size < NODE_MISSED_TENANTS_COUNT_MAX) this.#missedTenants.add(tenantSeq);
    else if (!this.#missedTenants.has(tenantSeq)) this.#signals.add("missedAny");
  }
}
