/** `/v1/cli` on the wire. The names of the fields are those of RFC 8628. */
import Type, { type Static } from "typebox";
import { ROLES } from "../../domain/access/access.ts";
import { shownUserCode } from "../../domain/access/terminal.ts";
import { ID_PREFIX } from "../../domain/ids.ts";
import {
  TERMINAL_CODE_MS,
  TERMINAL_NAME_CHARS_MAX,
  TERMINAL_POLL_SECONDS,
  USER_CODE_CHARS_MAX,
} from "../../domain/limits.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import type { PollOutput } from "../../engine/access/terminal-types.ts";
import type { TerminalView } from "../../ports/store.ts";
import { checker } from "../schema/check.ts";
import { NameText, RoleName, Time } from "../schema/schemas.ts";
import { IdleDays, idleDays } from "./key-wire.ts";
import { UserRef, userRefJson } from "./user-ref.ts";

export const OpenTerminalBody = Type.Object(
  {
    name: NameText(
      TERMINAL_NAME_CHARS_MAX,
      "Who uses the terminal, and on which machine. The key gets this name after `cli `.",
    ),
    role: Type.Optional(
      Type.Enum([...ROLES], {
        default: "developer",
        description: "The role that the key should have. The person who approves it can give a lower one.",
      }),
    ),
  },
  { title: "DeviceInput", additionalProperties: false, examples: [{ name: "ada@laptop", role: "developer" }] },
);
export const checkOpenTerminal = checker(OpenTerminalBody);

export const OpenedTerminalResponse = Type.Object(
  {
    device_code: Type.String({ description: "The terminal's secret, with which it asks for its key." }),
    user_code: Type.String({ description: "For the person: compare it with the code that the console shows." }),
    verification_uri: Type.String({ format: "uri" }),
    verification_uri_complete: Type.String({ format: "uri", description: "The same page, with the code." }),
    expires_in: Type.Integer({ description: "Seconds until the code expires." }),
    interval: Type.Integer({ description: "Seconds to wait between two requests to `POST /v1/cli/token`." }),
  },
  { title: "Device" },
);

export function openedTerminalJson(
  { deviceCode, userCode }: { readonly deviceCode: string; readonly userCode: string },
  publicUrl: string,
): Static<typeof OpenedTerminalResponse> {
  const code = shownUserCode(userCode);
  const page = `${publicUrl}/console/cli`;
  return {
    device_code: deviceCode,
    user_code: code,
    verification_uri: page,
    verification_uri_complete: `${page}?code=${code}`,
    expires_in: TERMINAL_CODE_MS / 1000,
    interval: TERMINAL_POLL_SECONDS,
  };
}

export const TokenBody = Type.Object(
  {
    device_code: Type.String({
      format: "device-code",
      description: "From `POST /v1/cli/device`.",
    }),
  },
  {
    title: "TokenInput",
    additionalProperties: false,
    examples: [{ device_code: "00112233445566778899aabbccddeeff".repeat(2) }],
  },
);
export const checkToken = checker(TokenBody);

const Interval = Type.Integer({ description: "Seconds to wait before the next request." });
export const TokenResponse = Type.Union(
  [
    Type.Object({
      status: Type.Enum(["pending", "slow_down"], {
        description: "`slow_down`: the request came too soon. From now on, wait longer.",
      }),
      interval: Interval,
    }),
    Type.Object({
      status: Type.Enum(["denied", "expired"], {
        description:
          "`denied`: the person refused, or may not approve it any more. " +
          "`expired`: the code is unknown or too old, or the key was revoked.",
      }),
    }),
    Type.Object({
      status: Type.Literal("approved"),
      api_key: Type.String({ description: "A secret. It is the same each time that you ask." }),
      key: Type.Object({ id: Type.String(), name: Type.String(), role: RoleName, idle_days: IdleDays }),
      tenant: Type.Object({ id: Type.String(), name: Type.String() }),
      user: UserRef,
    }),
  ],
  { title: "Token" },
);

export function tokenJson(output: Exclude<PollOutput, { kind: "quotaExceeded" }>): Static<typeof TokenResponse> {
  switch (output.kind) {
    case "pending":
      return { status: "pending", interval: output.intervalSeconds };
    case "slowDown":
      return { status: "slow_down", interval: output.intervalSeconds };
    case "denied":
    case "expired":
      return { status: output.kind };
    case "issued": {
      const { key, tenant, user, apiKey } = output;
      return {
        status: "approved",
        api_key: apiKey,
        key: { id: ID_PREFIX.key + key.id, name: key.name, role: key.role, idle_days: idleDays(key) },
        tenant: { id: ID_PREFIX.tenant + tenant.id, name: tenant.name },
        user: userRefJson(user),
      };
    }
  }
}

const UserCode = Type.String({
  minLength: 1,
  maxLength: USER_CODE_CHARS_MAX,
  description: "The code that the terminal shows, in any letter case, with or without the hyphen.",
});
const EXAMPLE = { user_code: "WDJB-MJHT" };

export const UserCodeBody = Type.Object(
  { user_code: UserCode },
  { title: "UserCode", additionalProperties: false, examples: [EXAMPLE] },
);
export const checkUserCode = checker(UserCodeBody);

export const ApproveBody = Type.Object(
  {
    user_code: UserCode,
    role: Type.Optional(
      Type.Enum([...ROLES], {
        description: "The role of the key, not higher than your own. By default, the one that the terminal asked for.",
      }),
    ),
  },
  { title: "TerminalApproval", additionalProperties: false, examples: [{ ...EXAMPLE, role: "developer" }] },
);
export const checkApprove = checker(ApproveBody);

const State = Type.Enum(["pending", "approved", "denied"]);
export const TerminalResponse = Type.Object(
  {
    name: Type.String({ description: "What the terminal calls itself. Anybody can choose any name." }),
    address: Type.String({ description: "The IP address from which the terminal asked." }),
    role: RoleName,
    state: State,
    created_at: Time,
    expires_at: Time,
  },
  { title: "Terminal" },
);
export const DecidedTerminalResponse = Type.Object({ state: State }, { title: "DecidedTerminal" });

export function terminalJson(terminal: TerminalView): Static<typeof TerminalResponse> {
  const { name, address, role, state, createdAt, expiresAt } = terminal;
  return {
    name,
    address,
    role,
    state,
    created_at: wholeSeconds(createdAt),
    expires_at: wholeSeconds(expiresAt),
  };
}
