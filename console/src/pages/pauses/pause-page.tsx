import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function PausePage() {
  return <Page title="Pause">{m.notBuilt}</Page>;
}
