import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function EventPage() {
  return <Page title="Event">{m.notBuilt}</Page>;
}
