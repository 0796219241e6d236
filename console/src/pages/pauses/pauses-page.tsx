import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function PausesPage() {
  return <Page title="Pauses">{m.notBuilt}</Page>;
}
