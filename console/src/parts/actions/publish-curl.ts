import { curlOf } from "./copy-view.tsx";

/** The command that publishes a first event. */
export function publishCurl(): string {
  return curlOf({ method: "POST", path: "/v1/events", body: { type: "order.paid", payload: { order: 4711 } } });
}
