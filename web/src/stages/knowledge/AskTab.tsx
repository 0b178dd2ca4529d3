import { Alert, Anchor, Autocomplete, Button, Group, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { MessageCircleQuestion } from "lucide-react";
import { useState } from "react";
import type { Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { LocationLink } from "@/components/EntityLink";
import { Panel } from "@/components/Page";
import { ErrorAlert } from "@/components/QueryBoundary";
import c from "./knowledge.module.css";
import { PassageCard } from "./PassageCard";
import { askQuestion, modelsQuery } from "./queries";
import { splitAtCitations } from "./search";

const page = getRouteApi("/knowledge/$base");

/** Show an answer. Its citations link to the cited passages. */
function AnswerPanel({ answer }: { answer: Schema["RagAnswer"] }) {
  const t = useMessages().knowledge;
  const citedNumbers = new Set((answer.citations ?? []).map((citation) => citation.number));
  return (
    <>
      <Panel>
        {!answer.answered && <Alert color="yellow" title={t.unanswered} mb={answer.text ? "sm" : 0} />}
        <Text size="md" className={c.answer}>
          {splitAtCitations(answer.text).map((part, index) =>
            typeof part === "number" ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a text keep their order
              <Anchor key={index} href={`#passage-${part}`} inherit underline="always">
                [{part}]
              </Anchor>
            ) : (
              part
            ),
          )}
        </Text>
        {(answer.unsupported ?? []).map((sentence) => (
          <Alert key={sentence} color="yellow" mt="sm" title={t.unsupported}>
            {sentence === answer.text ? null : sentence}
          </Alert>
        ))}
        <Group gap="lg" mt="sm">
          {answer.model && (
            <Text size="xs" c="dimmed">
              {answer.model}
            </Text>
          )}
          {answer.span_id && (
            <Text size="xs">
              <LocationLink to="/traces" search={{ span: answer.span_id }}>
                {t.trace}
              </LocationLink>
            </Text>
          )}
        </Group>
      </Panel>
      {(answer.passages ?? []).length > 0 && (
        <Stack gap="sm">
          <Title order={2}>{t.sources}</Title>
          {(answer.passages ?? []).map((passage, index) => (
            <PassageCard
              key={passage.chunk.id}
              passage={passage}
              number={index + 1}
              isCited={citedNumbers.has(index + 1)}
            />
          ))}
        </Stack>
      )}
    </>
  );
}

/** Show a form that asks a question. The answer cites numbered sources from the knowledge base. */
export function AskTab({ base }: { base: string }) {
  const t = useMessages().knowledge;
  const search = page.useSearch();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const models = useQuery(modelsQuery).data ?? [];
  const [question, setQuestion] = useState(search.question ?? "");
  const [model, setModel] = useState(search.model);
  const selectedModel = model ?? models[0]?.name ?? "";
  const questionMutation = useMutation({
    mutationFn: () => askQuestion(base, { question, model: selectedModel, limit: 4 }),
  });
  return (
    <Stack gap="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ search: (previous) => ({ ...previous, question, model: selectedModel }), replace: true });
          questionMutation.mutate();
        }}
      >
        <Stack gap="sm">
          <Textarea
            label={t.question}
            placeholder={t.queryHint}
            autosize
            minRows={2}
            value={question}
            onChange={(event) => setQuestion(event.currentTarget.value)}
          />
          <Group align="flex-end" gap="sm">
            <Autocomplete
              label={t.model}
              placeholder={t.modelHint}
              data={models.map((candidate) => candidate.name)}
              limit={30}
              value={selectedModel}
              onChange={setModel}
            />
            <Button
              type="submit"
              loading={questionMutation.isPending}
              disabled={!question.trim() || !selectedModel}
              leftSection={<MessageCircleQuestion size={15} aria-hidden />}
            >
              {t.ask}
            </Button>
            {questionMutation.isPending && (
              <Text size="sm" c="dimmed" role="status">
                {t.asking}
              </Text>
            )}
          </Group>
        </Stack>
      </form>
      {questionMutation.error && (
        <ErrorAlert error={questionMutation.error} title={t.failed} onRetry={() => questionMutation.mutate()} flush />
      )}
      {questionMutation.data && <AnswerPanel answer={questionMutation.data} />}
    </Stack>
  );
}
