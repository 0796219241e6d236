import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function KeysPage() {
  return <Page title="Keys">{m.notBuilt}</Page>;
}
