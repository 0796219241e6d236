import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function SourcesPage() {
  return <Page title="Sources">{m.notBuilt}</Page>;
}
