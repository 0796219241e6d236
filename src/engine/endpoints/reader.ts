/** The program at the other end of a listener's stream. */
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import type { Seq, Uuid } from "../../domain/ids.ts";
import type { AttemptReader, AttemptToMake } from "../../ports/sender.ts";
import type { ReaderItem } from "./listener-types.ts";

export interface ReaderOptions {
  /** Of this stream. */
  readonly connection: Uuid;
  /** Of the process. */
  readonly session: string;
  readonly name: string;
  readonly ahead: number;
  readonly endpoint: Destination;
  readonly push: (item: ReaderItem) => void;
}

export class Reader implements AttemptReader {
  readonly connection: Uuid;
  readonly session: string;
  readonly name: string;
  readonly ahead: number;
  /** As it was when the reader came. */
  readonly endpoint: Destination;
  readonly push: (item: ReaderItem) => void;
  /** It let a deadline pass without a sign of life. */
  onSilent: () => void = () => undefined;

  constructor({ connection, session, name, ahead, endpoint, push }: ReaderOptions) {
    this.connection = connection;
    this.session = session;
    this.name = name;
    this.ahead = ahead;
    this.endpoint = endpoint;
    this.push = push;
  }

  get id(): Uuid {
    return this.endpoint.id;
  }

  get endpointSeq(): Seq {
    return this.endpoint.seq;
  }

  get tenantSeq(): Seq {
    return this.endpoint.tenantSeq;
  }

  make(attempt: AttemptToMake): void {
    this.push({ kind: "attempt", attempt });
  }

  over(token: string): void {
    this.push({ kind: "over", token });
  }

  fellSilent(): void {
    this.onSilent();
  }
}
