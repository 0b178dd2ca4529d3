import { Alert, Anchor, Autocomplete, Button, Group, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { MessageCircleQuestion } from "lucide-react";
import { useState } from "react";
import type { S } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { Failure } from "@/components/Await";
import { Panel } from "@/components/Page";
import { PlaceLink } from "@/components/ThingLink";
import c from "./knowledge.module.css";
import { PassageCard } from "./PassageCard";
import { ask, modelsQuery } from "./queries";
import { cut } from "./search";

const page = getRouteApi("/knowledge/$base");

/** An answer whose citations jump to the passages that say so. */
function Answered({ answer }: { answer: S["Answer"] }) {
  const t = useMessages().knowledge;
  const stated = new Set((answer.citations ?? []).map((one) => one.number));
  return (
    <>
      <Panel>
        {!answer.answered && <Alert color="yellow" title={t.unanswered} mb={answer.text ? "sm" : 0} />}
        <Text size="md" className={c.answer}>
          {cut(answer.text).map((piece, index) =>
            typeof piece === "number" ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of one text keep their places
              <Anchor key={index} href={`#passage-${piece}`} inherit underline="always">
                [{piece}]
              </Anchor>
            ) : (
              piece
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
              <PlaceLink to="/traces" search={{ span: answer.span_id }}>
                {t.trace}
              </PlaceLink>
            </Text>
          )}
        </Group>
      </Panel>
      {(answer.passages ?? []).length > 0 && (
        <Stack gap="sm">
          <Title order={2}>{t.sources}</Title>
          {(answer.passages ?? []).map((passage, index) => (
            <PassageCard key={passage.chunk.id} passage={passage} number={index + 1} marked={stated.has(index + 1)} />
          ))}
        </Stack>
      )}
    </>
  );
}

/** A question to the base, answered through a route with numbered sources. */
export function AskTab({ base }: { base: string }) {
  const t = useMessages().knowledge;
  const search = page.useSearch();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const models = useQuery(modelsQuery).data ?? [];
  const [question, setQuestion] = useState(search.question ?? "");
  const [model, setModel] = useState(search.model);
  const chosen = model ?? models[0]?.name ?? "";
  const put = useMutation({ mutationFn: () => ask(base, { question, model: chosen, limit: 4 }) });
  return (
    <Stack gap="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ search: (had) => ({ ...had, question, model: chosen }), replace: true });
          put.mutate();
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
              data={models.map((one) => one.name)}
              limit={30}
              value={chosen}
              onChange={setModel}
            />
            <Button
              type="submit"
              loading={put.isPending}
              disabled={!question.trim() || !chosen}
              leftSection={<MessageCircleQuestion size={15} aria-hidden />}
            >
              {t.ask}
            </Button>
            {put.isPending && (
              <Text size="sm" c="dimmed" role="status">
                {t.asking}
              </Text>
            )}
          </Group>
        </Stack>
      </form>
      {put.error && <Failure error={put.error} title={t.failed} again={() => put.mutate()} flush />}
      {put.data && <Answered answer={put.data} />}
    </Stack>
  );
}
