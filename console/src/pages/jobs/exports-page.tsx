import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function ExportsPage() {
  return <Page title="Exports">{m.notBuilt}</Page>;
}
