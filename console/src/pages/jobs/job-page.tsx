import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function JobPage() {
  return <Page title="Job">{m.notBuilt}</Page>;
}
