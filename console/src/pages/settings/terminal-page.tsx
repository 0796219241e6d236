import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function TerminalPage() {
  return <Page title="Terminal">{m.notBuilt}</Page>;
}
