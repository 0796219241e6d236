/** Where an event goes: the options `--forward`, `--forward-to` and `--exec`, and the forwards of a project. Pure. */
import { EXIT, Failure, usage } from "../../failure.ts";
import { checkEventFilter } from "../../options.ts";
import { isLoopback } from "../../settings/connection.ts";
import type { Project } from "../../settings/project.ts";

export type Target =
  | { readonly kind: "url"; readonly url: URL }
  /** A command for the shell. */
  | { readonly kind: "exec"; readonly command: string };

interface Forward {
  /** An event type, a prefix that ends in `.*`, or `*`. */
  readonly pattern: string;
  readonly target: Target;
}

export interface Targets {
  readonly forwards: readonly Forward[];
  /** For events that no forward matches. */
  readonly others: Target | null;
}

export interface GivenTargets {
  readonly forwardTo: string | undefined;
  readonly forward: readonly string[];
  readonly exec: string | undefined;
}

/** The options, or if there are none, the forwards of the project. */
export function readTargets({ forwardTo, forward, exec }: GivenTargets, project: Project | null): Targets {
  if (forwardTo !== undefined && exec !== undefined) throw usage("--forward-to and --exec exclude each other");
  const forwards = forward.map((each) => {
    const [, pattern = "", url = ""] = /^([^=\s]+)=(.+)$/.exec(each) ?? [];
    if (url === "") throw usage(`--forward must be TYPE=URL, not ${JSON.stringify(each)}`);
    return { pattern: checkEventFilter(pattern, "--forward"), target: urlTarget(url, "--forward") };
  });
  const others = forwardTo !== undefined ? urlTarget(forwardTo, "--forward-to") : execTarget(exec);
  if (forwards.length > 0 || others !== null) return { forwards, others };
  if (project === null || Object.keys(project.forwards).length === 0) {
    throw usage(
      "say where deliveries go: --forward-to http://localhost:3000/hook, --forward TYPE=URL or --exec COMMAND",
    );
  }
  return { forwards: Object.entries(project.forwards).map((entry) => projectForward(entry, project)), others: null };
}

/** Whoever wrote the project's file must not get the events of the person who works in its folder. */
function projectForward([pattern, text]: readonly [string, string], { file }: Project): Forward {
  const { url } = urlTarget(text, file);
  if (isLoopback(url.hostname)) return { pattern: checkEventFilter(pattern, file), target: { kind: "url", url } };
  const message = `${file} forwards to another machine, ${url.host}. If you trust it, pass --forward '${pattern}=${url}'.`;
  throw new Failure(EXIT.refused, "PROJECT_FORWARDS_AWAY", message);
}

function urlTarget(text: string, from: string): Target & { readonly kind: "url" } {
  return { kind: "url", url: urlOf(text, from) };
}

function execTarget(command: string | undefined): Target | null {
  return command === undefined ? null : { kind: "exec", command };
}

/** A URL, or its part from the host and port on, or from the port of this machine on: `localhost:3000/hook`, `3000/hook`. */
export function urlOf(text: string, from: string): URL {
  const local = /^\d{1,5}(?:\/|$)/.test(text) ? `localhost:${text}` : text;
  const full = /^(?:[\w.-]+|\[[\da-f:.]+\]):\d{1,5}(?:\/|$)/i.test(local) ? `http://${local}` : local;
  const url = /^https?:\/\/[^/]/i.test(full) && URL.canParse(full) ? new URL(full) : null;
  if (url === null) {
    const meant = /^[\w.-]*[a-z][\w.-]*(?:\/|$)/i.test(text) ? `; did you mean http://${text}?` : "";
    throw usage(
      `${from} must have a port, HOST:PORT or a URL such as http://localhost:3000/hook, not ${JSON.stringify(text)}${meant}`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw usage(`${from} must not have a user name or a password; pass --header 'authorization: …'`);
  }
  return url;
}

/** The event types that have a target; null if all have. */
export function eventTypesOf({ forwards, others }: Targets): readonly string[] | null {
  if (others !== null || forwards.some(({ pattern }) => pattern === "*")) return null;
  return [...new Set(forwards.map(({ pattern }) => pattern))];
}

/** The event types that every filter allows: types and prefixes. A filter that is null allows all. */
export function allowedByAll(filters: readonly (readonly string[] | null)[]): readonly string[] | null {
  return filters.reduce((allowed, filter) => {
    if (allowed === null || filter === null) return allowed ?? filter;
    const narrower = allowed.flatMap((one) =>
      filter.flatMap((other) => (matches(other, one) ? [one] : matches(one, other) ? [other] : [])),
    );
    return [...new Set(narrower)];
  }, null);
}

/** The most specific forward wins, whatever their order. A test goes somewhere in any case. */
export function targetFor({ forwards, others }: Targets, eventType: string, isTest: boolean): Target | null {
  const [best] = forwards
    .filter(({ pattern }) => matches(pattern, eventType))
    .sort((one, other) => specificity(other.pattern) - specificity(one.pattern));
  const found = best?.target ?? others;
  return found ?? (isTest ? (forwards[0]?.target ?? null) : null);
}

/** @param eventType or a prefix, all of which must match */
function matches(pattern: string, eventType: string): boolean {
  if (pattern === "*") return true;
  return pattern.endsWith(".*") ? eventType.startsWith(pattern.slice(0, -1)) : eventType === pattern;
}

function specificity(pattern: string): number {
  return pattern.endsWith("*") ? pattern.length : Number.MAX_SAFE_INTEGER;
}

/** For people. */
export function targetName(target: Target): string {
  return target.kind === "url" ? target.url.href : target.command;
}
