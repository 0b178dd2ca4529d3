import { Autocomplete, Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { MessageCircleQuestion, Square } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import c from "../knowledge.module.css";
import { modelNames, modelsQuery } from "../queries";
import { ExchangeView } from "./AnswerView";
import { useConversation } from "./useConversation";

const page = getRouteApi("/knowledge/$base");

/** Ask questions. Answers are streamed, cite passages of the documents, and are verified sentence by sentence. */
export function AskTab({ base }: { base: string }) {
  const t = useMessages().knowledge;
  const search = page.useSearch();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const models = modelNames(useQuery(modelsQuery).data, "chat");
  const [question, setQuestion] = useState(search.question ?? "");
  const [model, setModel] = useState(search.model);
  const { exchanges, isAsking, ask, stop, reset } = useConversation(base);
  const selectedModel = model ?? models[0] ?? "";
  const canAsk = question.trim() !== "" && selectedModel !== "";
  const submit = () => {
    if (!canAsk || isAsking) return;
    void navigate({ search: (previous) => ({ ...previous, question, model: selectedModel }), replace: true });
    void ask(question.trim(), selectedModel);
  };
  return (
    <Stack gap="md">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack gap="sm">
          <Textarea
            label={t.question}
            description={exchanges.length ? t.followUp : undefined}
            placeholder={t.queryHint}
            autosize
            minRows={2}
            value={question}
            onChange={(event) => setQuestion(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
              event.preventDefault();
              submit();
            }}
          />
          <Group align="flex-end" gap="sm">
            <Autocomplete
              label={t.model}
              placeholder={t.modelHint}
              data={models}
              limit={30}
              value={selectedModel}
              onChange={setModel}
            />
            <Button
              type="submit"
              loading={isAsking}
              disabled={!canAsk}
              leftSection={<MessageCircleQuestion size={15} aria-hidden />}
            >
              {t.ask}
            </Button>
            {isAsking && (
              <Button variant="default" leftSection={<Square size={12} aria-hidden />} onClick={stop}>
                {t.stop}
              </Button>
            )}
            {exchanges.length > 0 && !isAsking && (
              <Button variant="default" onClick={reset}>
                {t.newConversation}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
      {exchanges.length === 0 && (
        <div className={c.empty}>
          <Text size="sm" c="dimmed" maw={460}>
            {t.askEmpty}
          </Text>
        </div>
      )}
      {exchanges.map((exchange, index) => (
        <ExchangeView key={exchange.id} base={base} exchange={exchange} isLatest={index === 0} />
      ))}
    </Stack>
  );
}
