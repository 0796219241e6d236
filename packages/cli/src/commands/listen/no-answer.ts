/** Why a local service did not answer, in the words of the API. Pure. */
import type { ListenAnswer, ListenFailure } from "../../../../sdk/src/index.ts";

const CODES: Readonly<Record<string, ListenFailure>> = {
  ECONNREFUSED: "connect_refused",
  ETIMEDOUT: "connect_timeout",
  ENOTFOUND: "dns_not_found",
  ECONNRESET: "reset",
  EPIPE: "reset",
  ECONNABORTED: "reset",
  HPE_HEADER_OVERFLOW: "answer_head_too_large",
  EPROTO: "tls_error",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls_error",
  SELF_SIGNED_CERT_IN_CHAIN: "tls_error",
  HOSTNAME_MISMATCH: "tls_error",
};

const PREFIXES: readonly (readonly [prefix: string, failure: ListenFailure])[] = [
  ["HPE_", "protocol_error"],
  ["EAI_", "dns_error"],
  ["ERR_TLS_", "tls_error"],
  ["ERR_SSL_", "tls_error"],
  ["CERT_", "tls_error"],
  ["UNABLE_TO_", "tls_error"],
  ["ERR_INVALID_", "protocol_error"],
];

const SENTENCES: Readonly<Partial<Record<ListenFailure, string>>> = {
  connect_refused: "nothing listens there",
  connect_timeout: "it did not accept the connection in time",
  dns_not_found: "there is no host of this name",
  reset: "it closed the connection before it responded",
  answer_head_too_large: "the head of its response is larger than 16 KB",
};

const NOT_HTTP = "its response is not HTTP";

export function noAnswer(error: Error, url: URL): ListenAnswer {
  const code = codeOf(error);
  const failure = CODES[code] ?? PREFIXES.find(([prefix]) => code.startsWith(prefix))?.[1] ?? "connect_error";
  const sentence = code.startsWith("HPE_") ? (SENTENCES[failure] ?? NOT_HTTP) : SENTENCES[failure];
  return failed(failure, url, sentence ?? `${error.message || code}`);
}

export function failed(failure: ListenFailure, url: URL, sentence = SENTENCES[failure]): ListenAnswer {
  const hint = failure === "tls_error" ? "; --insecure accepts any certificate" : "";
  return { failure, detail: `${url.host}: ${sentence}${hint}` };
}

/** A name with several addresses has an error for each. */
function codeOf(error: Error): string {
  if (!(error instanceof AggregateError)) return String((error as NodeJS.ErrnoException).code ?? "");
  const codes = error.errors.map((each: NodeJS.ErrnoException) => String(each.code ?? ""));
  return codes.find((code) => code === "ECONNREFUSED") ?? codes[0] ?? "";
}
