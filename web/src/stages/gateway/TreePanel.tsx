import { Badge, Button, Group, JsonInput, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import c from "./gateway.module.css";

type RouteNode = NonNullable<Schema["RouteUpdate"]["tree"]>;
type Condition = Schema["Condition"];

/** Return a condition on one line, for example `tokens < 2000`. */
export function conditionText(condition: Condition): string {
  const quote = (value: unknown) => (typeof value === "string" ? `“${value}”` : String(value));
  if (condition.over !== null && condition.over !== undefined) return `${condition.fact} > ${condition.over}`;
  if (condition.under !== null && condition.under !== undefined) return `${condition.fact} < ${condition.under}`;
  if (condition.any_of?.length) return `${condition.fact}: ${condition.any_of.map(quote).join(", ")}`;
  return `${condition.fact} = ${quote(condition.equals)}`;
}

/** Return the targets or the routing tree of a route or route version, as sent to restore it. */
export const routeDestinations = ({ tree, targets }: Pick<Schema["Route"], "tree" | "targets">) =>
  tree ? { tree: tree as RouteNode, targets: [] } : { targets };

/** Return the routing tree of a route. A plain target list becomes one weighted group. */
export const routeTree = (route: Schema["Route"]): RouteNode =>
  (route.tree as RouteNode | null | undefined) ??
  ({
    pick: "weighted",
    nodes: route.targets.map(({ model, weight }) => ({ model, ...(weight === 1 ? {} : { weight }) })),
  } as RouteNode);

function TreeNode({ node, showWeights }: { node: RouteNode; showWeights: boolean }) {
  const t = useMessages().gateway.tree;
  const f = useFormats();
  return (
    <li>
      <Group gap={6} wrap="wrap">
        {node.model ? (
          <span className="mono">{node.model}</span>
        ) : (
          <Text span inherit fw={600}>
            {t.picks[node.pick ?? "priority"]}
          </Text>
        )}
        {showWeights && (
          <Badge size="sm" variant="light" color="gray" tt="none">
            {t.weight(f.number(node.weight ?? 1, 2))}
          </Badge>
        )}
        {node.sticky && (
          <Badge size="sm" variant="light" tt="none">
            {t.sticky[node.sticky]}
          </Badge>
        )}
        {node.when?.map((condition) => (
          <Badge key={conditionText(condition)} size="sm" variant="outline" color="gray" tt="none">
            {conditionText(condition)}
          </Badge>
        ))}
      </Group>
      {node.nodes?.length ? <TreeNodes node={node} /> : null}
    </li>
  );
}

function TreeNodes({ node }: { node: RouteNode }) {
  const showWeights = node.pick === "weighted" || node.pick === "least_busy";
  return (
    <ol className={c.tree}>
      {node.nodes?.map((child, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: nodes have no names and are identified by their order
        <TreeNode key={index} node={child} showWeights={showWeights} />
      ))}
    </ol>
  );
}

/** Show the routing tree of a route, with a JSON editor. `editing` opens the editor at once. */
export function TreePanel({
  route,
  editing,
  onClose,
}: {
  route: Schema["Route"];
  editing?: boolean;
  onClose?: () => void;
}) {
  const t = useMessages().gateway.tree;
  const { app, gateway } = useMessages();
  const client = useQueryClient();
  const treeJson = JSON.stringify(routeTree(route), null, 2);
  const [draft, setDraft] = useState<string | null>(editing ? treeJson : null);
  const close = () => {
    setDraft(null);
    onClose?.();
  };
  const save = useMutation({
    mutationFn: (tree: RouteNode) =>
      unwrap(
        api.PUT("/api/v1/gateway/routes/{name}", {
          params: { path: { name: route.name } },
          body: { tree, targets: [] },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      notifySuccess(gateway.routes.saved(route.name));
      close();
    },
    onError: notifyError,
  });
  const parsed = draft === null ? null : parseTree(draft);
  const actions =
    draft === null ? (
      <Button size="xs" variant="default" onClick={() => setDraft(treeJson)}>
        {t.edit}
      </Button>
    ) : (
      <>
        <Button size="xs" variant="default" onClick={close}>
          {app.cancel}
        </Button>
        <Button size="xs" disabled={!parsed} loading={save.isPending} onClick={() => parsed && save.mutate(parsed)}>
          {app.save}
        </Button>
      </>
    );
  const tree = routeTree(route);
  return (
    <Panel title={t.title} actions={actions}>
      {draft === null ? (
        tree.model ? (
          <span className="mono">{tree.model}</span>
        ) : (
          <>
            <Text size="sm" fw={600}>
              {t.picks[tree.pick ?? "priority"]}
            </Text>
            <TreeNodes node={tree} />
          </>
        )
      ) : (
        <JsonInput
          label={t.json}
          description={t.hint}
          value={draft}
          onChange={setDraft}
          error={parsed ? undefined : t.invalidJson}
          autosize
          minRows={8}
          maxRows={30}
          spellCheck={false}
          classNames={{ input: "mono" }}
        />
      )}
    </Panel>
  );
}

function parseTree(text: string): RouteNode | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return parsed && typeof parsed === "object" && !Array.isArray(parsed) ? (parsed as RouteNode) : null;
  } catch {
    return null;
  }
}
