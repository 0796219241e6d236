import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function TenantsPage() {
  return <Page title="Tenants">{m.notBuilt}</Page>;
}
