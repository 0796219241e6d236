import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function RecordPage() {
  return <Page title="Record">{m.notBuilt}</Page>;
}
