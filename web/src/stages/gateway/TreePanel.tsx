import { Badge, Button, Group, JsonInput, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { done, failed } from "@/components/notify";
import { Panel } from "@/components/Page";
import c from "./gateway.module.css";

type Node = NonNullable<S["RouteWanted"]["tree"]>;
type Condition = S["Condition"];

/** A condition in one line: `tokens < 2000`. */
export function conditionText(one: Condition): string {
  const quoted = (value: unknown) => (typeof value === "string" ? `“${value}”` : String(value));
  if (one.over !== null && one.over !== undefined) return `${one.fact} > ${one.over}`;
  if (one.under !== null && one.under !== undefined) return `${one.fact} < ${one.under}`;
  if (one.any_of?.length) return `${one.fact}: ${one.any_of.map(quoted).join(", ")}`;
  return `${one.fact} = ${quoted(one.equals)}`;
}

/** Where a route, or a version of it, leads: what is sent to set it again. */
export const placesOf = ({ tree, targets }: Pick<S["Route"], "tree" | "targets">) =>
  tree ? { tree: tree as Node, targets: [] } : { targets };

/** The tree of a route; that of a plain list is one weighted group. */
export const treeOf = (route: S["Route"]): Node =>
  (route.tree as Node | null | undefined) ??
  ({
    pick: "weighted",
    nodes: route.targets.map(({ model, weight }) => ({ model, ...(weight === 1 ? {} : { weight }) })),
  } as Node);

function Branch({ node, lots }: { node: Node; lots: boolean }) {
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
        {lots && (
          <Badge size="sm" variant="light" color="gray" tt="none">
            {t.weight(f.number(node.weight ?? 1, 2))}
          </Badge>
        )}
        {node.sticky && (
          <Badge size="sm" variant="light" tt="none">
            {t.sticky[node.sticky]}
          </Badge>
        )}
        {node.when?.map((one) => (
          <Badge key={conditionText(one)} size="sm" variant="outline" color="gray" tt="none">
            {conditionText(one)}
          </Badge>
        ))}
      </Group>
      {node.nodes?.length ? <Branches node={node} /> : null}
    </li>
  );
}

function Branches({ node }: { node: Node }) {
  const lots = node.pick === "weighted" || node.pick === "least_busy";
  return (
    <ol className={c.tree}>
      {node.nodes?.map((child, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: nodes have no names, and their order is what they are
        <Branch key={index} node={child} lots={lots} />
      ))}
    </ol>
  );
}

/** A route as a tree: drawn, and written. `editing` opens it as text at once. */
export function TreePanel({ route, editing, onClose }: { route: S["Route"]; editing?: boolean; onClose?: () => void }) {
  const t = useMessages().gateway.tree;
  const { app, gateway } = useMessages();
  const client = useQueryClient();
  const written = JSON.stringify(treeOf(route), null, 2);
  const [draft, setDraft] = useState<string | null>(editing ? written : null);
  const close = () => {
    setDraft(null);
    onClose?.();
  };
  const save = useMutation({
    mutationFn: (tree: Node) =>
      ok(
        api.PUT("/api/v1/gateway/routes/{name}", {
          params: { path: { name: route.name } },
          body: { tree, targets: [] },
        }),
      ),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["gateway"] });
      done(gateway.routes.saved(route.name));
      close();
    },
    onError: failed,
  });
  const parsed = draft === null ? null : parse(draft);
  const actions =
    draft === null ? (
      <Button size="xs" variant="default" onClick={() => setDraft(written)}>
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
  const tree = treeOf(route);
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
            <Branches node={tree} />
          </>
        )
      ) : (
        <JsonInput
          label={t.json}
          description={t.hint}
          value={draft}
          onChange={setDraft}
          error={parsed ? undefined : t.broken}
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

function parse(text: string): Node | null {
  try {
    const found: unknown = JSON.parse(text);
    return found && typeof found === "object" && !Array.isArray(found) ? (found as Node) : null;
  } catch {
    return null;
  }
}
