import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function DeliveryPage() {
  return <Page title="Delivery">{m.notBuilt}</Page>;
}
