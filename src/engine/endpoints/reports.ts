/** What readers report, on its way to the node that has their stream: a load balancer knows nothing of streams. */
import type { Seq } from "../../domain/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptReaders, AttemptReport } from "../../ports/sender.ts";
import type { ForwardedReport, Store } from "../../ports/store.ts";
import type { Tokens } from "../delivery/lease-tokens.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { AttemptToken, AttemptTokens } from "./attempt-tokens.ts";

export interface ReportsOptions {
  readonly clock: Pick<Clock, "now">;
  readonly store: Pick<Store, "forwardReports" | "takeReports" | "notes">;
  readonly readers: Pick<AttemptReaders, "report">;
  readonly attemptTokens: Pick<AttemptTokens, "open">;
  readonly tokens: Pick<Tokens, "node">;
  readonly outage: Pick<Outage, "report">;
}

/** A report for the reader of another node. */
interface Sent {
  readonly endpointSeq: Seq;
  readonly report: AttemptReport;
}

export class Reports {
  readonly #options: ReportsOptions;

  constructor(options: ReportsOptions) {
    this.#options = options;
  }

  /** Returns for each report of a listener's reader whether its attempt was open. */
  async take(endpointSeq: Seq, reports: readonly AttemptReport[]): Promise<readonly boolean[]> {
    const { attemptTokens, tokens, readers } = this.#options;
    const taken: boolean[] = [];
    const foreign = new Map<number, { readonly index: number; readonly token: AttemptToken }[]>();
    for (const [index, report] of reports.entries()) {
      const token = attemptTokens.open(report.token);
      taken.push(token?.node === tokens.node && readers.report(endpointSeq, report));
      if (token === null || token.node === tokens.node) continue;
      foreign.set(token.node, [...(foreign.get(token.node) ?? []), { index, token }]);
    }
    for (const [node, found] of foreign) {
      const sent = found.map(({ index, token }) =>
        forwarded(token, { endpointSeq, report: reports[index] as AttemptReport }),
      );
      const isOpen = await this.#forward(node, sent);
      for (const [position, { index }] of found.entries()) taken[index] = isOpen[position] === true;
    }
    return taken;
  }

  /** Other nodes have left reports for readers of this one. */
  collect(): void {
    this.#collect().catch((error) => this.#options.outage.report(error));
  }

  async #collect(): Promise<void> {
    const { clock, readers, store } = this.#options;
    for (const text of await store.takeReports(clock.now())) {
      const { endpointSeq, report } = JSON.parse(text) as Sent;
      readers.report(endpointSeq, report);
    }
  }

  async #forward(node: number, reports: readonly ForwardedReport[]): Promise<readonly boolean[]> {
    const { clock, store } = this.#options;
    return store.notes === null ? reports.map(() => false) : store.forwardReports({ node, reports, now: clock.now() });
  }
}

function forwarded({ lease, isTest }: AttemptToken, sent: Sent): ForwardedReport {
  return { lease: isTest ? null : lease, report: JSON.stringify(sent) };
}
