import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

/** The turns, newest first. */
export const turnsQuery = () =>
  queryOptions({
    queryKey: ["loop", "turns"],
    queryFn: () => ok(api.GET("/api/v1/loop/turns", { params: { query: { limit: 100 } } })),
    refetchInterval: 5_000,
  });

/** One turn. */
export const turnQuery = (id: string) =>
  queryOptions({
    queryKey: ["loop", "turn", id],
    queryFn: () => ok(api.GET("/api/v1/loop/turns/{id}", { params: { path: { id } } })),
  });

/** The canaries, newest first, without their trails. */
export const canariesQuery = () =>
  queryOptions({
    queryKey: ["loop", "canaries"],
    queryFn: () => ok(api.GET("/api/v1/loop/canaries", { params: { query: { limit: 100 } } })),
    refetchInterval: 5_000,
  });
