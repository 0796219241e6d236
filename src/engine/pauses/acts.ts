/** Acts of agents that a person approves. They are carried out once, as the routes for people do it. */
import { chosenStatus } from "../../domain/endpoints/endpoint.ts";
import { ANY_DELIVERY } from "../../domain/history/ledger.ts";
import { ID_PREFIX, type Uuid } from "../../domain/ids.ts";
import { ACT_ENDPOINTS_SHOWN_MAX } from "../../domain/limits.ts";
import { type Act, APPROVE, actOf, actText, endpointDetails, REFUSE } from "../../domain/pauses/act.ts";
import type { Detail } from "../../domain/pauses/pause.ts";
import { milliseconds, wholeSeconds } from "../../domain/text/time.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EndpointView, Store } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";
import type { EndpointService } from "../endpoints/endpoint-types.ts";
import type { HistoryService } from "../history/history-types.ts";
import type { JobService } from "../upkeep/jobs.ts";
import type { ActService, AskActInput, AskActOutput, CarryOutOutput } from "./act-types.ts";
import type { PauseService } from "./pause-types.ts";

export interface ActsOptions {
  readonly clock: Pick<Clock, "now" | "uuid">;
  readonly store: Pick<Store, "beginAct" | "endAct">;
  readonly pauses: Pick<PauseService, "create">;
  readonly endpoints: Pick<EndpointService, "get" | "patch" | "recover">;
  readonly history: Pick<HistoryService, "replay">;
  readonly jobs: Pick<JobService, "count">;
}

/** What the person is shown. */
interface Preview {
  readonly kind: "preview";
  readonly message: string;
  readonly details: readonly Detail[];
}

type Previewed = Preview | Extract<AskActOutput, { kind: "unknownEndpoint" | "unknownDeliveries" | "needless" }>;

export class Acts implements ActService {
  readonly #options: ActsOptions;

  constructor(options: ActsOptions) {
    this.#options = options;
  }

  async ask(caller: Caller, { act, recipient, expiresInSeconds }: AskActInput): Promise<AskActOutput> {
    const preview = await this.#preview(caller, act);
    if (preview.kind !== "preview") return preview;
    return this.#options.pauses.create(caller, {
      question: {
        message: preview.message,
        options: [REFUSE, APPROVE],
        details: preview.details,
        allowTextResponse: true,
        timeoutDefault: null,
        metadata: actText(act),
      },
      act: act.kind,
      recipient,
      signIn: { protected: true, approvers: [] },
      plan: null,
      tellsApprovers: false,
      expiresInSeconds,
      idempotencyKey: null,
      trace: null,
    });
  }

  async carryOut(caller: Caller, id: Uuid): Promise<CarryOutOutput> {
    const { actor, tenantSeq } = caller;
    const { clock, store } = this.#options;
    if (!mayAct(caller)) return { kind: "unknown" };
    const claim = clock.uuid();
    const begun = await store.beginAct({ actor, tenantSeq, id, claim, now: clock.now() });
    if (begun.kind !== "begun") return begun;
    const act = actOf(begun.pause.metadata ?? "");
    const outcome = await this.#do(caller, act, begun.pause.details);
    await store.endAct({ tenantSeq, id, claim, outcome: JSON.stringify(outcome) });
    return { kind: "done", outcome };
  }

  // ── What it would do ────────────────────────────────────────────────────────────────────────────────────────────────

  async #preview(caller: Caller, act: Act): Promise<Previewed> {
    if (act.kind === "replay_events") return this.#previewReplay(caller, act.deliveryIds);
    const view = await this.#options.endpoints.get(caller, act.endpointId);
    if (view === null) return { kind: "unknownEndpoint" };
    const { name } = view.endpoint;
    const status = chosenStatus(view.endpoint);
    switch (act.kind) {
      case "pause_endpoint":
        if (status !== "ACTIVE") return needless(`The endpoint is ${status}, so it gets no deliveries.`);
        return preview(`Pause the endpoint ${name}? Its deliveries then wait until somebody resumes it.`, [
          ...endpointDetails(view.endpoint),
          waiting(view),
        ]);
      case "resume_endpoint":
        if (status === "ACTIVE") return needless("The endpoint is ACTIVE, so there is nothing to resume.");
        return preview(`Resume the endpoint ${name}? It then gets the deliveries that wait, and new ones.`, [
          ...endpointDetails(view.endpoint),
          waiting(view),
        ]);
      case "recover":
        return this.#previewRecover(caller, act, view);
    }
  }

  async #previewRecover(caller: Caller, act: Act & { kind: "recover" }, view: EndpointView): Promise<Preview> {
    const conditions = {
      ...ANY_DELIVERY,
      endpointIds: [act.endpointId],
      states: ["FAILED", "EXPIRED"] as const,
      from: act.since,
    };
    const { total } = await this.#options.jobs.count(caller, { action: "retry", conditions, asOf: null });
    const since = wholeSeconds(act.since);
    return preview(`Send to the endpoint ${view.endpoint.name} again what failed or was missed since ${since}?`, [
      ...endpointDetails(view.endpoint),
      { label: "Since", value: milliseconds(act.since) },
      { label: "Failed deliveries that are sent again", value: String(total) },
      { label: "Missed while it was disabled", value: "Events of that time are sent, too." },
    ]);
  }

  async #previewReplay(caller: Caller, ids: readonly Uuid[]): Promise<Previewed> {
    const { history, jobs } = this.#options;
    const counted = await history.replay(caller, ids, true);
    if (counted.kind === "unknown") return { kind: "unknownDeliveries", ids: counted.deliveryIds };
    const { count, skipped } = counted;
    if (count === 0) return needless("The endpoints of these deliveries are deleted or disabled.");
    const conditions = { ...ANY_DELIVERY, deliveryIds: ids };
    const { endpoints } = await jobs.count(caller, { action: "replay", conditions, asOf: null });
    const shown = endpoints.slice(0, ACT_ENDPOINTS_SHOWN_MAX);
    return preview(`Replay ${count} deliveries? The receivers get the same events again.`, [
      { label: "New deliveries", value: String(count) },
      { label: "Left out, because their endpoint is deleted or disabled", value: String(skipped) },
      ...shown.map(({ id, name, count: own }) => ({
        label: "Endpoint",
        value: `${name} (${ID_PREFIX.endpoint}${id}): ${own}`,
      })),
      ...(shown.length < endpoints.length ? [{ label: "Endpoint", value: "and others" }] : []),
    ]);
  }

  // ── What it does ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The person approved what the details say of the endpoint. The transaction that does it checks that it is still so. */
  async #do(caller: Caller, act: Act, shown: readonly Detail[]): Promise<object> {
    const { endpoints, history } = this.#options;
    switch (act.kind) {
      case "pause_endpoint":
      case "resume_endpoint": {
        const status = act.kind === "pause_endpoint" ? "PAUSED" : "ACTIVE";
        const patched = await endpoints.patch(caller, act.endpointId, { status, shown });
        return patched.kind === "patched" ? { status } : this.#notAsShown(caller, act.endpointId);
      }
      case "recover": {
        const jobId = await endpoints.recover(caller, act.endpointId, act.since, shown);
        return jobId === null ? this.#notAsShown(caller, act.endpointId) : { job_id: ID_PREFIX.job + jobId };
      }
      case "replay_events": {
        const replayed = await history.replay(caller, act.deliveryIds, false);
        if (replayed.kind === "unknown") return { error: "DELIVERY_NOT_FOUND" };
        const { batchId, count, skipped } = replayed;
        return { batch_id: ID_PREFIX.replay + batchId, created_deliveries: count, skipped };
      }
    }
  }

  async #notAsShown(caller: Caller, id: Uuid): Promise<object> {
    return (await this.#options.endpoints.get(caller, id)) === null ? UNKNOWN_ENDPOINT : ENDPOINT_CHANGED;
  }
}

const UNKNOWN_ENDPOINT = { error: "ENDPOINT_NOT_FOUND" };
const ENDPOINT_CHANGED = {
  error: "ENDPOINT_CHANGED",
  message: "The name, the URL or the status of the endpoint is not what the person saw. Nothing was done. Ask again.",
};

/** The key may have lost a scope since it asked. */
function mayAct({ actor: { agent } }: Caller): boolean {
  return agent?.scopes.includes("ask") === true && agent.scopes.includes("operate");
}

function preview(message: string, details: readonly Detail[]): Preview {
  return { kind: "preview", message, details };
}

function needless(why: string): Previewed {
  return { kind: "needless", why };
}

function waiting({ waiting: { count, more } }: EndpointView): Detail {
  return { label: "Deliveries that wait for it", value: more ? `more than ${count}` : String(count) };
}
