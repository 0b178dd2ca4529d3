import { Button, Menu } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { GitCompare } from "lucide-react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { runsQuery } from "./queries";

/** Show a menu of other evaluations of the same dataset and split to compare with. */
export function CompareMenu({ run }: { run: Schema["EvalResult"] }) {
  const t = useMessages().evals.run;
  const navigate = useNavigate();
  const query = useInfiniteQuery(runsQuery());
  const others = (query.data?.pages.flat() ?? [])
    .filter((other) => other.id !== run.id && other.dataset === run.dataset && other.split === run.split)
    .slice(0, 12);
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          size="sm"
          variant="default"
          leftSection={<GitCompare size={15} aria-hidden />}
          disabled={!others.length}
        >
          {t.compareWith}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {others.map((other) => (
          <Menu.Item
            key={other.id}
            onClick={() => navigate({ to: "/evals/compare", search: { a: other.id, b: run.id } })}
          >
            {other.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
