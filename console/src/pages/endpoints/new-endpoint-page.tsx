import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function NewEndpointPage() {
  return <Page title="New endpoint">{m.notBuilt}</Page>;
}
