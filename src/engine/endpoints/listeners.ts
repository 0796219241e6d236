/** Listeners: endpoints whose deliveries go over the stream of a program that listens. */
import { destinationOf, LISTENER_DEFAULTS } from "../../domain/endpoints/endpoint.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptReaders, AttemptReport } from "../../ports/sender.ts";
import type { EndpointView, Store } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";
import type { Deliveries } from "../delivery/deliveries.ts";
import type { Streams } from "../history/streams.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { Endpoints } from "./endpoints.ts";
import type {
  ListenerService,
  ListenInput,
  ListenOutput,
  PutListenerInput,
  PutListenerOutput,
  ReaderItem,
  StreamEnd,
} from "./listener-types.ts";
import type { Matching } from "./matching.ts";
import { Reader } from "./reader.ts";
import type { Reports } from "./reports.ts";
import { secretOf } from "./secrets.ts";

export interface ListenersOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly readers: AttemptReaders;
  readonly endpoints: Pick<Endpoints, "remove">;
  readonly matching: Pick<Matching, "changed" | "find">;
  readonly deliveries: Pick<Deliveries, "endpointChanged" | "laneChanged" | "openLane" | "readerChanged">;
  readonly outage: Pick<Outage, "wait" | "report">;
  readonly streams: Pick<Streams, "announce">;
  readonly reports: Reports;
}

export class Listeners implements ListenerService {
  readonly #options: ListenersOptions;
  /** The streams of this node. */
  readonly #open = new Map<Seq, Reader>();
  #isStopping = false;

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  async put({ actor, tenantSeq }: Caller, input: PutListenerInput): Promise<PutListenerOutput> {
    const { clock, store, matching, deliveries } = this.#options;
    const { name, settings, secret, ifFree } = input;
    const { secret: newSecret, generatedSecret } = secretOf(clock, secret);
    const now = clock.now();
    const result = await store.putListener({
      actor,
      tenantSeq,
      id: clock.uuid(),
      name,
      settings,
      defaults: LISTENER_DEFAULTS,
      secret,
      newSecret,
      ifFree,
      now,
    });
    matching.changed(tenantSeq);
    if (result.kind === "tooMany" || result.kind === "busy" || result.kind === "quotaExceeded") return result;
    const { kind, endpoint, lane } = result;
    this.#announce(tenantSeq, endpoint.id, kind === "created" ? "created" : "changed");
    if (kind === "created") return { kind, endpoint, generatedSecret };
    await deliveries.endpointChanged(destinationOf(endpoint), lane);
    return { kind, endpoint };
  }

  list({ tenantSeq }: Caller): Promise<readonly EndpointView[]> {
    return this.#options.store.listListeners(tenantSeq);
  }

  async get({ tenantSeq }: Caller, id: Uuid): Promise<EndpointView | null> {
    const view = await this.#options.store.getEndpoint(tenantSeq, id);
    return view?.endpoint.transport === "stream" ? view : null;
  }

  async remove(caller: Caller, id: Uuid): Promise<boolean> {
    return (await this.get(caller, id)) !== null && this.#options.endpoints.remove(caller, id);
  }

  async listen(caller: Caller, id: Uuid, input: ListenInput, push: (item: ReaderItem) => void): Promise<ListenOutput> {
    const { clock, store, matching, deliveries } = this.#options;
    const { actor, tenantSeq } = caller;
    const connection = clock.uuid();
    const connected = await store.connectListener({ actor, tenantSeq, id, connection, ...input, now: clock.now() });
    if (connected.kind !== "connected") return connected;
    matching.changed(tenantSeq);
    const { endpoint, lane } = connected;
    // At once: what the former reader gives back is due later than this state of the lane.
    deliveries.openLane(endpoint, lane);
    this.#displace(endpoint.seq, input);
    const reader = new Reader({
      connection,
      endpoint,
      session: input.session,
      name: input.reader,
      ahead: input.ahead,
      push,
    });
    this.#open.set(endpoint.seq, reader);
    const view = await this.#viewFor(reader, caller, id);
    if (view === null) return { kind: "unknown" };
    this.#announce(tenantSeq, id, "changed");
    const start = () => this.#start(reader);
    return { kind: "open", stream: { view, start, close: () => this.#close(reader) } };
  }

  async report({ tenantSeq }: Caller, id: Uuid, reports: readonly AttemptReport[]): Promise<readonly boolean[] | null> {
    const reader = this.#find(tenantSeq, id);
    const endpointSeq = reader?.endpointSeq ?? (await this.#seqOf(tenantSeq, id));
    return endpointSeq === null ? null : this.#options.reports.take(endpointSeq, reports);
  }

  /** The endpoint was deleted. */
  deleted(id: Uuid): void {
    for (const reader of this.#open.values()) if (reader.id === id) this.#end(reader, "deleted");
  }

  /** Keys or sessions were changed. */
  authorize(): void {
    for (const reader of this.#open.values()) reader.push({ kind: "authorize" });
  }

  /** Another node may have changed listeners of the tenant, or of any: who reads them now? */
  check(tenantSeq: Seq | null): void {
    const readers = [...this.#open.values()].filter((each) => tenantSeq === null || each.tenantSeq === tenantSeq);
    if (readers.length > 0) this.#check(readers).catch((error) => this.#options.outage.report(error));
  }

  /** End every stream: the server stops. */
  close(): void {
    this.#isStopping = true;
    for (const reader of this.#open.values()) this.#end(reader, "stopping");
  }

  async #check(readers: readonly Reader[]): Promise<void> {
    const found = await this.#options.store.findReaders(readers.map(({ endpointSeq }) => endpointSeq));
    for (const reader of readers) {
      const now = found.find(({ endpointSeq }) => endpointSeq === reader.endpointSeq);
      if (now === undefined) this.#end(reader, "deleted");
      else if (now.connection === null)
        this.#end(reader, "stopping"); // this node was taken for dead
      else if (now.connection !== reader.connection) this.#displaced(reader, now.reader);
    }
  }

  /** Null: the reader has gone meanwhile, or the endpoint. */
  async #viewFor(reader: Reader, { tenantSeq }: Caller, id: Uuid): Promise<EndpointView | null> {
    try {
      const view = await this.#options.store.getEndpoint(tenantSeq, id);
      if (view === null) this.#close(reader);
      return view;
    } catch (error) {
      this.#close(reader);
      throw error;
    }
  }

  #start(reader: Reader): void {
    const { readers, deliveries } = this.#options;
    if (this.#open.get(reader.endpointSeq) !== reader) return;
    reader.onSilent = () => this.#end(reader, "silent");
    readers.attach(reader.endpointSeq, reader);
    void deliveries.readerChanged(reader.endpointSeq);
  }

  /** The former reader of this node ends, if there is one. */
  #displace(endpointSeq: Seq, by: ListenInput): void {
    const former = this.#open.get(endpointSeq);
    if (former === undefined) return;
    if (former.session === by.session) this.#end(former, "replaced");
    else this.#displaced(former, by.reader);
  }

  #displaced(reader: Reader, by: string | null): void {
    this.#forget(reader);
    reader.push({ kind: "displaced", by, at: this.#options.clock.now() });
  }

  #end(reader: Reader, reason: StreamEnd): void {
    reader.push({ kind: "end", reason });
    if (reason === "silent") this.#close(reader);
    else this.#forget(reader);
  }

  /** The reader has gone, and the store has to know it. */
  #close(reader: Reader): void {
    if (this.#forget(reader) && !this.#isStopping) void this.#leave(reader);
  }

  /** Its attempts are given back. Returns false when the reader was forgotten before. */
  #forget(reader: Reader): boolean {
    const { readers, deliveries } = this.#options;
    if (this.#open.get(reader.endpointSeq) !== reader) return false;
    this.#open.delete(reader.endpointSeq);
    readers.detach(reader.endpointSeq, reader);
    void deliveries.readerChanged(reader.endpointSeq);
    return true;
  }

  /** Tries until it is stored: until then, other nodes take the listener for busy. */
  async #leave({ tenantSeq, endpointSeq, id, connection }: Reader): Promise<void> {
    const { clock, store, matching, deliveries, outage } = this.#options;
    for (;;) {
      try {
        const lane = await store.disconnectListener({ tenantSeq, endpointSeq, connection, now: clock.now() });
        if (lane === null) return;
        matching.changed(tenantSeq);
        await deliveries.laneChanged(lane);
        this.#announce(tenantSeq, id, "changed");
        return;
      } catch (error) {
        if ((await outage.wait(error)) === "giveUp") return;
      }
    }
  }

  async #seqOf(tenantSeq: Seq, id: Uuid): Promise<Seq | null> {
    const { endpoints } = await this.#options.matching.find(tenantSeq, { type: "", endpointIds: [id] });
    return endpoints[0]?.seq ?? null;
  }

  #find(tenantSeq: Seq, id: Uuid): Reader | null {
    for (const reader of this.#open.values())
      if (reader.id === id) return reader.tenantSeq === tenantSeq ? reader : null;
    return null;
  }

  #announce(tenantSeq: Seq, endpointId: Uuid, change: "created" | "changed"): void {
    this.#options.streams.announce(tenantSeq, { topic: "endpoint", endpointId, change });
  }
}
