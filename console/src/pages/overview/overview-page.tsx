import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function OverviewPage() {
  return <Page title="Overview">{m.notBuilt}</Page>;
}
