import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function QuarantinePage() {
  return <Page title="Quarantine">{m.notBuilt}</Page>;
}
