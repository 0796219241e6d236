import { type CallOptions, onePath, type Transport } from "../http.ts";
import type { Endpoint } from "../types.ts";
import type { Listener, ListenerInput } from "./types.ts";

const PATH = "/v1/listeners";

/** Endpoints without a URL, whose deliveries a program receives with `listen`. The methods of `endpoints` work on them too. */
export class Listeners {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Create a listener, or change the one that has this name. */
  async put(input: ListenerInput, options?: CallOptions): Promise<Listener> {
    const body = JSON.stringify(input);
    const call = { method: "POST", path: PATH, body, repeatable: true, signal: options?.signal } as const;
    return (await this.#transport.call<Listener>(call)).body;
  }

  /** All listeners of the tenant, at most 100, in order of creation. */
  async list(options?: CallOptions): Promise<readonly Endpoint[]> {
    return (await this.#transport.call<readonly Endpoint[]>({ method: "GET", path: PATH, signal: options?.signal }))
      .body;
  }

  async get(id: string, options?: CallOptions): Promise<Endpoint> {
    const call = { method: "GET", path: onePath(PATH, id), signal: options?.signal } as const;
    return (await this.#transport.call<Endpoint>(call)).body;
  }

  /** Delete a listener. What waits for it is cancelled. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#transport.call({ method: "DELETE", path: onePath(PATH, id), signal: options?.signal });
  }
}
