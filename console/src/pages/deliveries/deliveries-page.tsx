import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function DeliveriesPage() {
  return <Page title="Deliveries">{m.notBuilt}</Page>;
}
