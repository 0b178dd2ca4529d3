import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, lazy, type ReactNode, Suspense, useContext, useEffect } from "react";
import { ApiError, api, type Schema, unwrap } from "@/api/client";
import { ErrorAlert, LoadingPlaceholder } from "@/components/QueryBoundary";

type Session = Schema["SessionView"];
const SESSION_KEY = ["session"];
const Login = lazy(() => import("./Login"));
const SessionContext = createContext<Session | null>(null);
/** Channel that notifies the other tabs of this browser when the session changes. */
const sessionChannel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("vong-session");

/** Provide the session to its children. Shows the sign-in page at the same address if there is no session. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const session = useQuery({
    queryKey: SESSION_KEY,
    queryFn: () =>
      unwrap(api.GET("/api/v1/access/session")).catch((error: ApiError) => {
        if (error.status === 401) return null;
        throw error;
      }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    if (!sessionChannel) return;
    const reload = () => location.reload();
    sessionChannel.addEventListener("message", reload);
    return () => sessionChannel.removeEventListener("message", reload);
  }, []);
  useEffect(
    () =>
      client.getQueryCache().subscribe((event) => {
        const error = event.query.state.error;
        const expired = error instanceof ApiError && error.status === 401;
        if (expired && event.type === "updated" && event.action.type === "error")
          client.setQueryData(SESSION_KEY, null);
      }),
    [client],
  );
  if (session.isPending) return <LoadingPlaceholder fullPage />;
  if (session.isError) return <ErrorAlert error={session.error} onRetry={() => session.refetch()} />;
  if (!session.data)
    return (
      <Suspense fallback={<LoadingPlaceholder fullPage />}>
        <Login onDone={(newSession) => client.setQueryData(SESSION_KEY, newSession)} />
      </Suspense>
    );
  return <SessionContext value={session.data}>{children}</SessionContext>;
}

/** Return the session: the user, the current project and all projects of the user. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("useSession must be used within SessionProvider");
  return session;
}

/** Return a mutation that ends the session in all tabs. */
export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/v1/access/session")),
    onSuccess: () => {
      client.setQueryData(SESSION_KEY, null);
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION_KEY[0] });
      sessionChannel?.postMessage("out");
    },
  });
}

/** Return a mutation that switches the project in all tabs. */
export function useSwitchProject() {
  return useMutation({
    mutationFn: (project: string) => unwrap(api.PUT("/api/v1/access/session", { body: { project } })),
    onSuccess: () => {
      sessionChannel?.postMessage("project");
      location.assign("/");
    },
  });
}
