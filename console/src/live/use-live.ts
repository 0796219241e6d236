/** The stream in components. */
import { type Query, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { useApi, useTenant } from "../session/api.ts";
import { setLapsed, useLapsed } from "../session/lapse.ts";
import { useMe } from "../session/me.ts";
import { noteByStream } from "./by-stream.ts";
import { type LiveState, startLive } from "./live.ts";

let state: LiveState = { kind: "connecting" };
const stateListeners = new Set<() => void>();

/** Follows the stream while the shell is shown, and reads again what an event concerns. */
export function useLiveConnection(): void {
  const api = useApi();
  const { id } = useMe();
  const tenant = useTenant() ?? "own";
  const queries = useQueryClient();
  const lapsed = useLapsed();
  useEffect(() => {
    if (lapsed) return;
    return startLive({
      api,
      name: `${id}:${tenant}`,
      onTopics(topics) {
        const predicate = ({ queryKey }: Query) => topics.has(String(queryKey[0]));
        for (const query of queries.getQueryCache().findAll({ type: "active", predicate })) noteByStream(query);
        void queries.invalidateQueries({ predicate });
      },
      onState(next) {
        state = next;
        for (const listener of stateListeners) listener();
      },
      onRefused: () => setLapsed(true),
    });
  }, [api, id, tenant, queries, lapsed]);
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (listener) => {
      stateListeners.add(listener);
      return () => stateListeners.delete(listener);
    },
    () => state,
  );
}
