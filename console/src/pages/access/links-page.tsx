import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function LinksPage() {
  return <Page title="Links">{m.notBuilt}</Page>;
}
