import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function PublishPage() {
  return <Page title="Publish">{m.notBuilt}</Page>;
}
