import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function JobsPage() {
  return <Page title="Jobs">{m.notBuilt}</Page>;
}
