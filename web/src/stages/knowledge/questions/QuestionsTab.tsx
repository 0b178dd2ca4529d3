import { Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { Facts, Panel } from "@/components/Page";
import { QueryBoundary } from "@/components/QueryBoundary";
import { RelativeTime } from "@/components/RelativeTime";
import { EvaluationsPanel } from "./EvaluationsPanel";
import { QuestionsPanel } from "./QuestionsPanel";
import { questionSetsQuery } from "./queries";

function QuestionSets({ base }: { base: string }) {
  const t = useMessages().knowledgeQuestions;
  const f = useFormats();
  const query = useQuery(questionSetsQuery(base));
  return (
    <Panel title={t.sets}>
      <Text size="sm" c="dimmed">
        {t.setsText}
      </Text>
      <QueryBoundary query={query} lines={2}>
        {(sets) =>
          sets.length ? (
            <Facts
              items={sets.map((set) => [
                `${t.set(f.number(set.number))} · ${t.setSize(f.number(set.questions))}`,
                <RelativeTime key={set.number} at={set.created_at} />,
              ])}
            />
          ) : (
            <Text size="sm" c="dimmed" mt={6}>
              {t.noSets}
            </Text>
          )
        }
      </QueryBoundary>
    </Panel>
  );
}

/** Show the evaluations of a base, its questions and its question sets. */
export function QuestionsTab({ base }: { base: string }) {
  return (
    <Stack gap="md">
      <EvaluationsPanel base={base} />
      <QuestionsPanel base={base} />
      <QuestionSets base={base} />
    </Stack>
  );
}
