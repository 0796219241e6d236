/** Every verb that deletes a delivery, or changes its state without an attempt, notes it for the ledger. */
import type { Seq } from "../../domain/ids.ts";
import type { Connection } from "../connection.ts";

const NOTE = "INSERT INTO ledger_changes (delivery_seq, tenant_seq) VALUES (?, ?)";

interface Noted {
  readonly seq: Seq;
  readonly tenant_seq: Seq;
}

export function noteChanged({ prepare }: Connection, tenantSeq: Seq, deliverySeq: Seq): void {
  prepare(NOTE).run(deliverySeq, tenantSeq);
}

export function noteChanges({ prepare }: Connection, deliveries: readonly Noted[]): void {
  prepare(NOTE).runEach(deliveries.map(({ seq, tenant_seq }) => [seq, tenant_seq]));
}
