/** Who changed the endpoint, and what. */
import { endpoint as m } from "../../messages/en/endpoints.ts";
import { AuditList } from "../../parts/audit/audit-list.tsx";
import { NeedsRole } from "../../parts/feedback/needs-role.tsx";
import { Section } from "../../parts/page/page.tsx";
import { useMay } from "../../session/me.ts";

/** The audit log takes this role. */
const NEEDS = "org_admin";

export function LogTab({ id }: { readonly id: string }) {
  const mayRead = useMay(NEEDS);
  return (
    <Section title={m.logTitle}>
      {mayRead ? <AuditList filter={{ subject_id: id }} /> : <NeedsRole needs={NEEDS} />}
    </Section>
  );
}
