/** Every verb that changes a delivery's state without an attempt, or deletes one, says so to the ledger. */
import type { Seq } from "../../../../domain/ids.ts";
import type { Connection } from "../../connection.ts";

const NOTE = "INSERT INTO ledger_changes (delivery_seq, tenant_seq) VALUES (?, ?)";

export function noteChanged({ prepare }: Connection, tenantSeq: Seq, deliverySeq: Seq): void {
  prepare(NOTE).run(deliverySeq, tenantSeq);
}
