import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Navigate } from "@tanstack/react-router";
import { api, ok } from "@/api/client";
import { Await } from "@/components/Await";

const page = getRouteApi("/loop/canaries/$id");

/** Goes to the canary's route. */
export default function CanaryPage() {
  const { id } = page.useParams();
  const query = useQuery({
    queryKey: ["loop", "canary", id],
    queryFn: () => ok(api.GET("/api/v1/loop/canaries/{id}", { params: { path: { id } } })),
  });
  return (
    <Await query={query}>
      {(canary) => (
        <Navigate to="/gateway/routes/$name" params={{ name: canary.route }} search={{ canary: id }} replace />
      )}
    </Await>
  );
}
