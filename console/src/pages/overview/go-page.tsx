import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function GoPage() {
  return <Page title="Go">{m.notBuilt}</Page>;
}
