import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function UsersPage() {
  return <Page title="Users">{m.notBuilt}</Page>;
}
