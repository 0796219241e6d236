import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function EventTypesPage() {
  return <Page title="Event types">{m.notBuilt}</Page>;
}
