import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function HealthPage() {
  return <Page title="Health">{m.notBuilt}</Page>;
}
