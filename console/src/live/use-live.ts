/** The stream in components: its state, and its events for a live tail. */
import { type Query, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { useApi, useTenant } from "../session/api.ts";
import { setLapsed, useLapsed } from "../session/lapse.ts";
import { useMe } from "../session/me.ts";
import { noteByStream } from "./by-stream.ts";
import { type LiveEvent, type LiveState, startLive } from "./live.ts";

let state: LiveState = { kind: "connecting" };
const stateListeners = new Set<() => void>();
const eventListeners = new Set<(event: LiveEvent) => void>();

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
      onEvent(event) {
        for (const listener of eventListeners) listener(event);
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

/** Calls `listen` for every event of the stream, at most 20 in a second. */
export function useLiveEvents(listen: (event: LiveEvent) => void): void {
  const latest = useRef(listen);
  latest.current = listen;
  useEffect(() => {
    const listener = (event: LiveEvent): void => latest.current(event);
    eventListeners.add(listener);
    return () => {
      eventListeners.delete(listener);
    };
  }, []);
}
