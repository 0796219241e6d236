/** The headers of a response, and how long the parts of an attempt took, on the wire. */
import Type, { type Static } from "typebox";
import type { HeaderList } from "../../domain/delivery/stored-headers.ts";
import type { Timings } from "../../domain/delivery/timings.ts";
import { Nullable } from "./schemas.ts";

export const HeadersResponse = Type.Array(Type.Object({ name: Type.String(), value: Type.String() }));

const Milliseconds = Nullable(Type.Integer());
export const TimingsResponse = Type.Object(
  {
    dns_ms: Milliseconds,
    connect_ms: Milliseconds,
    tls_ms: Milliseconds,
    first_byte_ms: Nullable(Type.Integer({ description: "From the request to the first byte of the response." })),
    total_ms: Type.Integer(),
  },
  { title: "Timings", description: "Null: a reused connection did not need the part, or the part was not completed." },
);

export function headersJson(headers: HeaderList): Static<typeof HeadersResponse> {
  return headers.map(([name, value]) => ({ name, value }));
}

export function timingsJson(timings: Timings, totalMs: number): Static<typeof TimingsResponse> {
  return {
    dns_ms: timings.dnsMs,
    connect_ms: timings.connectMs,
    tls_ms: timings.tlsMs,
    first_byte_ms: timings.firstByteMs,
    total_ms: totalMs,
  };
}
