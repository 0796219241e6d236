/** `signalbox admin receipt-keys`. */
import { RECEIPT_KEYS_COUNT_MAX } from "../domain/limits.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../domain/text/time.ts";
import type { ReceiptKey } from "../ports/store.ts";
import { type Command, type Fields, failed } from "./command.ts";
import { chooseTenants, operatorIn } from "./tenant-choice.ts";

const group = "receipt-keys";

export const RECEIPT_KEY_COMMANDS: readonly Command[] = [
  {
    group,
    action: "list",
    operand: null,
    options: {},
    about: "list the public keys of receipts, the newest first",
    prepare:
      () =>
      async ({ access }) => ({ kind: "list", rows: (await access.listReceiptKeys()).map(keyFields) }),
  },
  {
    group,
    action: "rotate",
    operand: null,
    options: {},
    about: "sign later receipts with a new key; the former keys still verify older receipts",
    prepare:
      () =>
      async ({ store, access }) => {
        const chosen = await chooseTenants(store, null);
        if ("fault" in chosen) return { kind: "failed", failure: chosen.fault };
        const result = await access.rotateReceiptKey(operatorIn(chosen.tenants[0]));
        return result.kind === "rotated"
          ? { kind: "one", fields: keyFields(result.key) }
          : failed("conflict", `there are ${RECEIPT_KEYS_COUNT_MAX} keys, the most`);
      },
  },
];

function keyFields({ id, publicKey, createdAt, retiredAt }: ReceiptKey): Fields {
  return {
    key_id: id,
    public_key: publicKey,
    created_at: wholeSeconds(createdAt),
    retired_at: wholeSecondsOrNull(retiredAt),
  };
}
