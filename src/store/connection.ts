/** What every verb works on: a connection to the database, with SQL that both stores understand. */

export type SqlValue = string | number | bigint | null | Uint8Array;
export type Row = Record<string, SqlValue>;
export type NamedValues = Readonly<Record<string, SqlValue>>;
type Values = readonly SqlValue[] | readonly [NamedValues];

/** A prepared statement. Without a row, `get` answers undefined. */
export interface Statement {
  get(...values: Values): Row | undefined;
  all(...values: Values): Row[];
  /** Like `all`, but where statements travel, this one travels with the next: the returned function waits for it. */
  allLater(...values: readonly SqlValue[]): () => Row[];
  iterate(...values: Values): Iterable<Row>;
  /** Run once for each row of values. `changed`: for each, whether it changed a row. No two may change the same row. */
  runEach(rows: readonly (readonly SqlValue[])[]): { readonly changed: readonly boolean[] };
  /** `changes`: how many rows it changed. */
  run(...values: Values): { readonly changes: number | bigint };
}

/** Why a statement or a commit failed. */
export type Fault =
  /** A mistake of this one verb, such as a violated constraint. The transaction can go on without the verb. */
  | { readonly kind: "verb" }
  /**
   * Nothing of the transaction has happened, and a later one may succeed. `full`: there is no disk space. `hasWaited`: it
   * took a whole time limit, so another try at once would take as long.
   */
  | { readonly kind: "passing"; readonly message: string; readonly full: boolean; readonly hasWaited?: boolean }
  /** Nothing can be written any more, for example because the file is corrupt. */
  | { readonly kind: "fatal" };

/** The SQL text is the key of a prepared statement, so each statement stands next to the verb that runs it. */
export interface Connection {
  /** Whether several nodes may use the database at once. */
  readonly isShared: boolean;
  prepare(sql: string): Statement;
  /** Begin a transaction. A writing one waits for its turn. */
  begin(mode: "write" | "read"): void;
  /**
   * In a writing transaction: whether another node may have written since this connection's last one. What is
   * remembered of the store has then to be read again. The command line does not count: it changes nothing of that.
   */
  isOvertaken(): boolean;
  /** In a writing transaction: the database's clock when it began, in epoch ms; null when it has no clock of its own. */
  clockMs(): number | null;
  /** A number that changes with the commits of other processes, and not with those of this connection. */
  outsideVersion(): number;
  commit(): void;
  /** Does nothing when no transaction is open. */
  rollback(): void;
  isTransaction(): boolean;
  savepoint(step: "begin" | "release" | "undo"): void;
  /** Null when the error is not the database's. */
  faultOf(error: unknown): Fault | null;
  close(): void;
}

/** What the writer thread works with. */
export interface WritableDatabase {
  readonly connection: Connection;
  /** Whether there is disk space for new events. */
  hasSpace(): boolean;
  /** A commit found the disk full. */
  ranOut(): void;
  /** Runs between commits. */
  afterGroup(): void;
  close(): Promise<void>;
}
