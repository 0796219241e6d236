/** The endpoint of a delivery, by name. A deleted one has no page. */
import { problem as m } from "../../messages/en/app.ts";
import { Go } from "../page/go.tsx";
import { Foreign } from "../text/foreign.tsx";

interface EndpointLinkProps {
  readonly of: { readonly endpoint_id: string; readonly endpoint_name: string; readonly endpoint_deleted: boolean };
  readonly charsMax: number;
}

export function EndpointLink({
  of: { endpoint_id: id, endpoint_name: name, endpoint_deleted: isDeleted },
  charsMax,
}: EndpointLinkProps) {
  const text = <Foreign text={name} charsMax={charsMax} />;
  if (!isDeleted) return <Go to={`/endpoints/${id}`}>{text}</Go>;
  return (
    <span>
      {text} {m.deleted}
    </span>
  );
}
