/**
 * Trace contexts: what a tracing system sends along with a request, so that it can relate what follows to it. Signalbox
 * passes them on from a publish to the deliveries.
 *
 * @see W3C Trace Context, https://www.w3.org/TR/trace-context/
 */
declare const brand: unique symbol;
/** A valid traceparent of version 00, and after a space the tracestate if there is one. */
export type TraceContext = string & { readonly [brand]: "TraceContext" };

export const TRACE_HEADERS = ["traceparent", "tracestate"] as const;

/** What of a longer tracestate is lost is not ours to decide, so it is left out as a whole. §3.3.1.5 requires 512. */
const TRACESTATE_CHARS_MAX = 512;
const TRACESTATE_MEMBERS_MAX = 32;
const TRACEPARENT_CHARS = 55;

// §3.2.2. A later version may add fields after a dash.
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;
// §3.3.1.3. A value may contain spaces, but not end in one.
const MEMBER =
  /^[a-z0-9](?:[a-z0-9_\-*/]{0,255}|[a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[ -+\--<>-~]{0,255}[!-+\--<>-~]$/;

/** Of a request's headers, by lower-case name. An invalid traceparent counts as none, as §3.2.4 requires. */
export function traceContextIn(headers: Readonly<Record<string, string | string[] | undefined>>): TraceContext | null {
  const { traceparent } = headers;
  if (traceparent === undefined) return null;
  const parent = traceparentOf(String(traceparent));
  if (parent === null) return null;
  const state = headers.tracestate === undefined ? null : tracestateOf(String(headers.tracestate));
  return (state === null ? parent : `${parent} ${state}`) as TraceContext;
}

export function traceparentIn(context: TraceContext): string {
  return context.slice(0, TRACEPARENT_CHARS);
}

/** Null when the context has none. */
export function tracestateIn(context: TraceContext): string | null {
  return context.length > TRACEPARENT_CHARS ? context.slice(TRACEPARENT_CHARS + 1) : null;
}

/** The same trace with another parent. */
export function withParent(context: TraceContext | null, traceparent: string): TraceContext {
  const state = context === null ? null : tracestateIn(context);
  return (state === null ? traceparent : `${traceparent} ${state}`) as TraceContext;
}

/** The event, marked as part of a trace. */
export function inTrace<E extends object>(event: E, trace: TraceContext | null): E & { readonly trace?: TraceContext } {
  return trace === null ? event : { ...event, trace };
}

/** Of a later version, what version 00 has, as §4.3 requires. */
function traceparentOf(header: string): string | null {
  const [, version = "", trace = "", parent = "", flags = "", more] = TRACEPARENT.exec(header) ?? [];
  if (version === "" || version === "ff" || ZEROS.test(trace) || ZEROS.test(parent)) return null;
  if (version === "00") return more === undefined ? header : null;
  return `00-${trace}-${parent}-${Number.parseInt(flags, 16) % 2 === 1 ? "01" : "00"}`;
}

/** Null when it is not valid. */
function tracestateOf(header: string): string | null {
  const members = header
    .split(",")
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ""))
    .filter((member) => member !== "");
  const text = members.join(",");
  if (members.length === 0 || members.length > TRACESTATE_MEMBERS_MAX || text.length > TRACESTATE_CHARS_MAX)
    return null;
  return members.every((member) => MEMBER.test(member)) ? text : null;
}
