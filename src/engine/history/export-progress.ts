/** Tells the tenant's streams how far an export is, by the token that its caller chose. */
import type { News } from "../../domain/history/news.ts";
import type { EpochMs } from "../../domain/ids.ts";
import { EXPORT_PROGRESS_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

export interface ExportProgressOptions {
  readonly clock: Pick<Clock, "now">;
  readonly announce: (news: News) => void;
  readonly token: string;
}

export class ExportProgress {
  readonly #options: ExportProgressOptions;
  #total: number | null = null;
  #rows = 0;
  #toldAt: EpochMs | null = null;

  constructor(options: ExportProgressOptions) {
    this.#options = options;
  }

  begin(total: number | null): void {
    this.#total = total;
    this.#tell("running");
  }

  read(rows: number): void {
    this.#rows += rows;
    if (this.#options.clock.now() - (this.#toldAt ?? 0) >= EXPORT_PROGRESS_MS) this.#tell("running");
  }

  end(isComplete: boolean): void {
    this.#tell(isComplete ? "done" : "failed");
  }

  #tell(state: "running" | "done" | "failed"): void {
    const { announce, clock, token } = this.#options;
    this.#toldAt = clock.now();
    announce({ topic: "export", token, state, rows: this.#rows, total: this.#total });
  }
}
