import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function SourcePage() {
  return <Page title="Source">{m.notBuilt}</Page>;
}
