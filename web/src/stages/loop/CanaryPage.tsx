import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Navigate } from "@tanstack/react-router";
import { api, unwrap } from "@/api/client";
import { QueryBoundary } from "@/components/QueryBoundary";

const page = getRouteApi("/loop/canaries/$id");

/** Redirect to the canary's route. */
export default function CanaryPage() {
  const { id } = page.useParams();
  const query = useQuery({
    queryKey: ["loop", "canary", id],
    queryFn: () => unwrap(api.GET("/api/v1/loop/canaries/{id}", { params: { path: { id } } })),
  });
  return (
    <QueryBoundary query={query}>
      {(canary) => (
        <Navigate to="/gateway/routes/$name" params={{ name: canary.route }} search={{ canary: id }} replace />
      )}
    </QueryBoundary>
  );
}
