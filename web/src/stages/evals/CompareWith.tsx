import { Button, Menu } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { GitCompare } from "lucide-react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { runsQuery } from "./queries";

/** Another run to hold this one against: those of the same dataset first. */
export function CompareWith({ run }: { run: S["EvalResult"] }) {
  const t = useMessages().evals.run;
  const navigate = useNavigate();
  const query = useInfiniteQuery(runsQuery());
  const others = (query.data?.pages.flat() ?? [])
    .filter((one) => one.id !== run.id && one.dataset === run.dataset && one.split === run.split)
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
        {others.map((one) => (
          <Menu.Item key={one.id} onClick={() => navigate({ to: "/evals/compare", search: { a: one.id, b: run.id } })}>
            {one.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
