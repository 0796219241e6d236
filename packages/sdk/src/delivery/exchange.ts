/** The shapes of what an attempt measured and got. */

/** One header. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** How long the parts of an attempt took. Null: the connection was reused, or the part was not completed. */
export interface Timings {
  readonly dns_ms: number | null;
  readonly connect_ms: number | null;
  readonly tls_ms: number | null;
  /** From the request to the first byte of the response. */
  readonly first_byte_ms: number | null;
  readonly total_ms: number;
}
