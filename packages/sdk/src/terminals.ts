import type { CallOptions, Transport } from "./http.ts";
import type { Role } from "./keys.ts";

/** A terminal that wants to sign in. */
export interface DeviceInput {
  /** Who uses the terminal, and on which machine: `ada@laptop`. */
  readonly name: string;
  /** The role that its key should have. Default: `developer`. */
  readonly role?: Role;
}

/** A sign-in that has begun. */
export interface Device {
  /** The secret with which the terminal asks for its key. */
  readonly device_code: string;
  /** What the person compares: `WDJB-MJHT`. */
  readonly user_code: string;
  /** Where the person approves it. */
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  /** In seconds. */
  readonly expires_in: number;
  /** Seconds to wait between two calls of `poll`. */
  readonly interval: number;
}

/** Whether the person has decided. */
export type DeviceToken =
  /** `interval`: seconds to wait before the next call. */
  | { readonly status: "pending" | "slow_down"; readonly interval: number }
  | { readonly status: "denied" | "expired" }
  | {
      readonly status: "approved";
      /** A secret. It is the same each time that you ask. */
      readonly api_key: string;
      readonly key: {
        readonly id: string;
        readonly name: string;
        readonly role: Role;
        /** The key ends when it was not used for so many days. */
        readonly idle_days: number | null;
      };
      readonly tenant: { readonly id: string; readonly name: string };
      readonly user: { readonly id: string; readonly email: string };
    };

export type TerminalState = "pending" | "approved" | "denied";

/** A terminal as the person who approves it sees it. */
export interface Terminal {
  /** What it calls itself. Anybody can choose any name. */
  readonly name: string;
  /** The address from which it asked. */
  readonly address: string;
  readonly role: Role;
  readonly state: TerminalState;
  readonly created_at: string;
  readonly expires_at: string;
}

const TERMINALS = "/v1/cli";

/**
 * The sign-in of a terminal with a code. `open` and `poll` need no key; the others need a session. A client with
 * `session: true` sends no key.
 */
export class Terminals {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Begin a sign-in. Show the person `user_code` and `verification_uri_complete`. */
  open(input: DeviceInput, options?: CallOptions): Promise<Device> {
    return this.#post("device", input, options);
  }

  /** Ask whether the person has decided. When the person has approved it, the answer has the key, for 10 minutes. */
  poll(deviceCode: string, options?: CallOptions): Promise<DeviceToken> {
    return this.#post("token", { device_code: deviceCode }, options);
  }

  /** Which terminal shows this code. */
  find(userCode: string, options?: CallOptions): Promise<Terminal> {
    return this.#post("code", { user_code: userCode }, options);
  }

  /** Approve the terminal, with the role that it asked for or another one. Needs the role `org_admin`. */
  approve(
    input: { readonly user_code: string; readonly role?: Role },
    options?: CallOptions,
  ): Promise<{ readonly state: TerminalState }> {
    return this.#post("code/approve", input, options);
  }

  /** Deny the terminal. Needs the role `org_admin`. */
  deny(userCode: string, options?: CallOptions): Promise<{ readonly state: TerminalState }> {
    return this.#post("code/deny", { user_code: userCode }, options);
  }

  async #post<Body>(path: string, input: object, options: CallOptions | undefined): Promise<Body> {
    const body = JSON.stringify(input);
    const call = { method: "POST", path: `${TERMINALS}/${path}`, body, signal: options?.signal } as const;
    return (await this.#transport.call<Body>(call)).body;
  }
}
