import { Alert, Button, FileButton, Group, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { FileUp, Plus, Sparkles, ThumbsUp } from "lucide-react";
import { useState } from "react";
import { ApiError, type Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { LoadingPlaceholder } from "@/components/QueryBoundary";
import { RunningJob } from "@/components/RunningJob";
import k from "../knowledge.module.css";
import { StateFilter } from "../StateFilter";
import { QUESTION_STATES } from "../search";
import { GenerateForm, TracesForm } from "./GenerateForm";
import { QuestionCard } from "./QuestionCard";
import { QuestionForm } from "./QuestionForm";
import { importQuestions, questionCountsQuery, questionsQuery, reviewQuestion } from "./queries";
import c from "./questions.module.css";

const page = getRouteApi("/knowledge/$base");
type Question = Schema["KnowledgeQuestion"];
type Dialog = "generate" | "traces" | "add" | Question;

function useReview(base: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ question, state }: { question: Question; state: "accepted" | "rejected" }) =>
      reviewQuestion(base, question.id, { state }),
    onError: notifyError,
    onSettled: () => client.invalidateQueries({ queryKey: ["knowledge"] }),
  });
}

/** Return the import of a file and its button. A faulty line rejects the whole file, so errors stay on screen. */
function useImport(base: string) {
  const t = useMessages().knowledgeQuestions;
  const f = useFormats();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (file: File) => importQuestions(base, file),
    onSuccess: ({ added, changed, unchanged }) =>
      notifySuccess(t.result(f.number(added), f.number(changed), f.number(unchanged))),
    onSettled: () => client.invalidateQueries({ queryKey: ["knowledge"] }),
  });
}

function Buttons({
  onOpen,
  onFile,
  importing,
}: {
  onOpen: (dialog: Dialog) => void;
  onFile: (file: File) => void;
  importing: boolean;
}) {
  const t = useMessages().knowledgeQuestions;
  return (
    <>
      <FileButton accept=".csv,.jsonl,.json,text/csv" onChange={(file) => file && onFile(file)}>
        {(props) => (
          <Button
            {...props}
            size="compact-sm"
            variant="default"
            title={t.importHint}
            loading={importing}
            leftSection={<FileUp size={13} aria-hidden />}
          >
            {t.import}
          </Button>
        )}
      </FileButton>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<Sparkles size={13} aria-hidden />}
        onClick={() => onOpen("generate")}
      >
        {t.generate}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<ThumbsUp size={12} aria-hidden />}
        onClick={() => onOpen("traces")}
      >
        {t.fromTraces}
      </Button>
      <Button size="compact-sm" leftSection={<Plus size={13} aria-hidden />} onClick={() => onOpen("add")}>
        {t.add}
      </Button>
    </>
  );
}

/** Show the questions of a base: import, generate, and review. */
export function QuestionsPanel({ base }: { base: string }) {
  const t = useMessages().knowledgeQuestions;
  const client = useQueryClient();
  const navigate = useNavigate({ from: "/knowledge/$base" });
  const { review: chosen, job } = page.useSearch();
  const counts = useQuery(questionCountsQuery(base)).data ?? {};
  const query = useInfiniteQuery(questionsQuery(base, chosen));
  const review = useReview(base);
  const importing = useImport(base);
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const questions = query.data?.pages.flat() ?? [];
  const first = questions.find((question) => question.state === "proposed");
  const close = () => setDialog(null);
  const reviewFirst = (state: "accepted" | "rejected") => first && review.mutate({ question: first, state });
  useHotkeys(
    dialog === null && first
      ? [
          ["A", () => reviewFirst("accepted")],
          ["R", () => reviewFirst("rejected")],
          ["E", () => setDialog(first)],
        ]
      : [],
  );
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const importError = importing.error instanceof ApiError ? importing.error : null;
  return (
    <>
      <RunningJob
        kind="knowledge.generate_questions"
        id={job}
        title={t.generation.running}
        matches={(found) => found.params?.base === base}
        onEnd={() => client.invalidateQueries({ queryKey: ["knowledge"] })}
      />
      <Panel title={t.title} flush>
        <Group gap={6} px="md" pb="sm">
          <Buttons onOpen={setDialog} onFile={(file) => importing.mutate(file)} importing={importing.isPending} />
        </Group>
        {importError && (
          <Alert color="red" role="alert" title={t.importFailed} mx="md" mb="sm">
            <Text size="sm" style={{ whiteSpace: "pre-wrap" }}>
              {importError.title}
            </Text>
            <Text size="sm">{importError.hint}</Text>
          </Alert>
        )}
        {total > 0 && (
          <StateFilter
            label={t.status}
            states={QUESTION_STATES}
            labels={t.states}
            counts={counts}
            selected={chosen}
            onSelect={(review) => navigate({ search: (previous) => ({ ...previous, review }), replace: true })}
          />
        )}
        {query.data === undefined ? (
          <LoadingPlaceholder lines={4} />
        ) : questions.length ? (
          <>
            {first && (
              <Text size="xs" c="dimmed" px="md" pb={8}>
                {t.reviewHint}
              </Text>
            )}
            <ul className={c.list}>
              {questions.map((question) => (
                <QuestionCard
                  key={question.id}
                  base={base}
                  question={question}
                  onReview={(state) => review.mutate({ question, state })}
                  onEdit={() => setDialog(question)}
                />
              ))}
            </ul>
            {query.hasNextPage && (
              <div className={c.foot}>
                <Button
                  size="xs"
                  variant="default"
                  loading={query.isFetchingNextPage}
                  onClick={() => void query.fetchNextPage()}
                >
                  {t.more}
                </Button>
              </div>
            )}
          </>
        ) : (
          <div className={k.empty}>
            <Text fw={600}>{total ? t.noneInState : t.emptyTitle}</Text>
            {!total && (
              <Text size="sm" c="dimmed" maw={460}>
                {t.emptyText}
              </Text>
            )}
          </div>
        )}
      </Panel>
      {dialog === "generate" && (
        <GenerateForm
          base={base}
          onClose={close}
          onJob={(started) => navigate({ search: (previous) => ({ ...previous, job: started.id }), replace: true })}
        />
      )}
      {dialog === "traces" && <TracesForm base={base} onClose={close} />}
      {dialog === "add" && <QuestionForm base={base} onClose={close} />}
      {dialog !== null && typeof dialog === "object" && <QuestionForm base={base} question={dialog} onClose={close} />}
    </>
  );
}
