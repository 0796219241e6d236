import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function SettingsPage() {
  return <Page title="Settings">{m.notBuilt}</Page>;
}
