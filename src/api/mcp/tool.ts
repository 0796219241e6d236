/** What a tool is, and how it uses the API. */
import type { Static, TObject } from "typebox";
import type { AgentScope } from "../../domain/access/access.ts";
import type { AskActInput } from "../../engine/pauses/act-types.ts";
import type { PauseView } from "../../engine/pauses/pause-types.ts";
import type { Problem } from "../errors/problem.ts";

/** Calls the API as the agent, so that every rule of the API holds for a tool. */
export interface ToolContext {
  /** @throws ToolFailure with the API's own sentence, for every response but a 2xx */
  call(request: ApiRequest): Promise<unknown>;
  /** Does work that takes long, and tells a waiting client that the call is alive. */
  whileTelling<T>(message: string, work: Promise<T>): Promise<T>;
  /** Aborted when the client cancels the call or disconnects. */
  readonly signal: AbortSignal;
  monotonicMs(): number;
  /** What a person approves, with the agent's key. */
  readonly acts: {
    ask(input: AskActInput): Promise<PauseView>;
    carryOut(pauseId: string): Promise<void>;
  };
  /** The text of an argument as it was sent: parsing it would change large numbers. Null without that argument. */
  textOf(argument: string): string | null;
}

export interface ApiRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  /** A string is the body's JSON text. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the request, which then fails. */
  readonly signal?: AbortSignal;
}

/** The call cannot be done, for a reason that the model can read. */
export class ToolFailure extends Error {}

export function failure({ code, message }: Problem): ToolFailure {
  return new ToolFailure(`${code}: ${message}`);
}

/** A path that ends in an id. Text that is no id of anything names nothing, and must not lead to another path. */
export function pathOf(resources: string, id: string): string {
  return `/v1/${resources}/${/^[\w-]+$/.test(id) ? id : "-"}`;
}

/** The JSON text of an object with one more member, whose value is JSON text; null leaves it out. */
export function withText(body: object, field: string, text: string | null): string {
  const json = JSON.stringify(body);
  return text === null ? json : `${json.slice(0, -1)}${json === "{}" ? "" : ","}${JSON.stringify(field)}:${text}}`;
}

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Those that the key must have. */
  readonly scopes: readonly AgentScope[];
  readonly input: TObject;
  readonly output: TObject;
  readonly annotations: Readonly<
    Record<"readOnlyHint" | "destructiveHint" | "idempotentHint" | "openWorldHint", boolean>
  >;
  run(input: never, context: ToolContext): Promise<object>;
}

/** Types `run` by the tool's schemas. */
export function tool<Input extends TObject, Output extends TObject>(
  described: Omit<Tool, "input" | "output" | "run"> & {
    readonly input: Input;
    readonly output: Output;
    run(input: Static<Input>, context: ToolContext): Promise<Static<Output>>;
  },
): Tool {
  return described;
}

const NO = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false };
export const READS = { ...NO, readOnlyHint: true, idempotentHint: true };
/** It adds something, and a repeated call adds it again. */
export const ADDS = NO;
/** It reaches somebody or something outside: a person, or a receiver. */
export const REACHES = { ...NO, openWorldHint: true };
/** It ends something for good. */
export const ENDS = { ...NO, destructiveHint: true, idempotentHint: true };
/** It does, once, what a person approved meanwhile. */
export const WAITS = { ...NO, idempotentHint: true, openWorldHint: true };
