import { Button, List, Select, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { UserSearch } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { type Column, DataGrid } from "@/components/DataGrid";
import { EntityLink } from "@/components/EntityLink";
import { Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { trainedOnQuery } from "./queries";
import c from "./registry.module.css";

type Model = Schema["TrainedModel"];
export type SearchedBy = "text" | "user";

function useColumns(): Column<Model>[] {
  const t = useMessages().registry.trainedOn;
  const f = useFormats();
  return [
    {
      id: "model",
      title: t.model,
      width: "minmax(180px, 1fr)",
      cell: (one) => <EntityLink kind="model" entityRef={one.model} />,
    },
    {
      id: "through",
      title: t.through,
      width: "minmax(200px, 1fr)",
      cell: (one) =>
        one.dataset ? (
          <>
            <EntityLink kind="dataset" entityRef={one.dataset} />{" "}
            <span className={c.faint}>{t.inSplits((one.splits ?? []).join(", "))}</span>
          </>
        ) : one.parent ? (
          <EntityLink kind="model" entityRef={one.parent} />
        ) : (
          "–"
        ),
    },
    { id: "aliases", title: t.aliases, width: "100px", cell: (one) => (one.aliases ?? []).join(", ") || "–" },
    { id: "live", title: t.deployments, width: "130px", cell: (one) => (one.deployments ?? []).join(", ") || "–" },
    { id: "answers", title: t.answers, width: "90px", alignRight: true, cell: (one) => f.number(one.answers ?? 0) },
  ];
}

/** Show all models trained on the rows of a query, and what erases them. */
export function TrainedOnPanel({ query, by }: { query: string; by?: SearchedBy }) {
  const t = useMessages().registry.trainedOn;
  const result = useQuery(trainedOnQuery(query, by));
  const columns = useColumns();
  return (
    <Panel title={t.title}>
      <QueryBoundary query={result} lines={3}>
        {(report) => (
          <>
            <Text size="sm" c="dimmed" mb="xs">
              {t.summary(report.rows, report.datasets.length, report.models.length)}
            </Text>
            {report.models.length > 0 && (
              <DataGrid label={t.title} columns={columns} rows={report.models} rowKey={(one) => one.model} />
            )}
            {report.actions.length > 0 && (
              <>
                <Text size="sm" fw={500} mt="sm">
                  {t.actions}
                </Text>
                <List size="sm" spacing={2}>
                  {report.actions.map((action) => (
                    <List.Item key={action}>{action}</List.Item>
                  ))}
                </List>
              </>
            )}
          </>
        )}
      </QueryBoundary>
    </Panel>
  );
}

/** Show the input for a person: a text in rows, or a user of traces. */
export function PersonInput({
  person,
  by,
  onSearch,
}: {
  person: string;
  by: SearchedBy;
  onSearch: (person: string, by: SearchedBy) => void;
}) {
  const t = useMessages().registry.trainedOn;
  const [text, setText] = useState(person);
  const [kind, setKind] = useState<SearchedBy>(by);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim()) onSearch(text.trim(), kind);
  };
  return (
    <form className={c.entityInput} onSubmit={onSubmit}>
      <TextInput
        label={t.person}
        description={t.personHint}
        placeholder="ann@example.org"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <Select
        label={t.by}
        data={[
          { value: "text", label: t.byText },
          { value: "user", label: t.byUser },
        ]}
        value={kind}
        allowDeselect={false}
        onChange={(value) => setKind((value as SearchedBy | null) ?? "text")}
      />
      <Button type="submit" variant="default" leftSection={<UserSearch size={15} aria-hidden />}>
        {t.search}
      </Button>
    </form>
  );
}
