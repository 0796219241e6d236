import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function AuditPage() {
  return <Page title="Audit">{m.notBuilt}</Page>;
}
