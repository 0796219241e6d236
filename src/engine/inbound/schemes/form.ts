/** Bodies of type application/x-www-form-urlencoded. */
import type { InboundRequest } from "../../../domain/inbound/request.ts";
import { FORM_PARAMETERS_COUNT_MAX } from "../../../domain/limits.ts";
import { header } from "./headers.ts";

const FORM = /^application\/x-www-form-urlencoded\s*(?:;|$)/i;
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function isForm(request: InboundRequest): boolean {
  return FORM.test(header(request, "content-type") ?? "");
}

type Parameters = ReadonlyMap<string, readonly string[]> | null;

/** The server reads the parameters of one request several times. An entry lives as long as its body. */
const known = new WeakMap<Uint8Array, Parameters>();

/** The values of each parameter, in order. Null when the body is not UTF-8, or has too many parameters. */
export function formParameters(body: Uint8Array): Parameters {
  const before = known.get(body);
  if (before !== undefined) return before;
  const parameters = readParameters(body);
  known.set(body, parameters);
  return parameters;
}

function readParameters(body: Uint8Array): Parameters {
  const text = utf8Text(body);
  if (text === null || text.split("&", FORM_PARAMETERS_COUNT_MAX + 1).length > FORM_PARAMETERS_COUNT_MAX) return null;
  const parameters = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const values = parameters.get(name);
    if (values === undefined) parameters.set(name, [value]);
    else values.push(value);
  }
  return parameters;
}

/** Null when the bytes are not UTF-8. Keeps a byte-order mark. */
export function utf8Text(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
