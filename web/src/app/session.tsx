import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, lazy, type ReactNode, Suspense, useContext, useEffect } from "react";
import { ApiError, api, ok, type S } from "@/api/client";
import { Failure, Waiting } from "@/components/Await";

type Session = S["Session"];
const KEY = ["session"];
const Login = lazy(() => import("./Login"));
const Context = createContext<Session | null>(null);
/** Tells the other tabs of this browser that the session is another one now. */
const tabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("vong-session");

/** Who is signed in; the login page in place of everything below while nobody is. The address stays. */
export function SignedIn({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const session = useQuery({
    queryKey: KEY,
    queryFn: () =>
      ok(api.GET("/api/v1/access/session")).catch((error: ApiError) => {
        if (error.status === 401) return null;
        throw error;
      }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => {
    if (!tabs) return;
    const reload = () => location.reload();
    tabs.addEventListener("message", reload);
    return () => tabs.removeEventListener("message", reload);
  }, []);
  useEffect(
    () =>
      client.getQueryCache().subscribe((event) => {
        const error = event.query.state.error;
        const ended = error instanceof ApiError && error.status === 401;
        if (ended && event.type === "updated" && event.action.type === "error") client.setQueryData(KEY, null);
      }),
    [client],
  );
  if (session.isPending) return <Waiting full />;
  if (session.isError) return <Failure error={session.error} again={() => session.refetch()} />;
  if (!session.data)
    return (
      <Suspense fallback={<Waiting full />}>
        <Login onDone={(made) => client.setQueryData(KEY, made)} />
      </Suspense>
    );
  return <Context value={session.data}>{children}</Context>;
}

/** The user, the project and the projects to choose from. */
export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("nobody is signed in above this component");
  return session;
}

/** End the session here and in the other tabs. */
export function useSignOut() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => ok(api.DELETE("/api/v1/access/session")),
    onSuccess: () => {
      client.setQueryData(KEY, null);
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== KEY[0] });
      tabs?.postMessage("out");
    },
  });
}

/** Show another project from now on, in the other tabs too. */
export function useSwitchProject() {
  return useMutation({
    mutationFn: (project: string) => ok(api.PUT("/api/v1/access/session", { body: { project } })),
    onSuccess: () => {
      tabs?.postMessage("project");
      location.assign("/");
    },
  });
}
