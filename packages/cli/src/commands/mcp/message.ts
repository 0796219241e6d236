/** A JSON-RPC message, as far as the bridge looks at it. */

export interface Message {
  readonly jsonrpc?: unknown;
  /** Absent in a notification. */
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: {
    readonly requestId?: unknown;
    readonly name?: unknown;
    readonly uri?: unknown;
    readonly taskId?: unknown;
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
  readonly result?: { readonly protocolVersion?: unknown };
}

/** Null for text that is no JSON object. */
export function parseMessage(text: string): Message | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

/** The message of an error of the API; null when the text is none. */
export function messageOf(answer: object | null): string | null {
  const { error } = (answer ?? {}) as { error?: { code?: string; message?: string } };
  return error?.message === undefined ? null : `${error.code}: ${error.message}`;
}
