import { page as m } from "../../messages/en/app.ts";
import { Page } from "../../parts/page/page.tsx";

export default function EndpointPage() {
  return <Page title="Endpoint">{m.notBuilt}</Page>;
}
