import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function EventsPage() {
  return <Page title="Events">{m.notBuilt}</Page>;
}
