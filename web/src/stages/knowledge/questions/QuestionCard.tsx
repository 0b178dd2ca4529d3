import { Badge, Button, Group, Text } from "@mantine/core";
import { Check, Pencil, X } from "lucide-react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { RowAction } from "@/components/RowAction";
import c from "./questions.module.css";

type Question = Schema["KnowledgeQuestion"];
type Props = {
  base: string;
  question: Question;
  onReview: (state: "accepted" | "rejected") => void;
  onEdit: () => void;
};

/** Show a question with what it expects, and the buttons that review it. */
export function QuestionCard({ base, question, onReview, onEdit }: Props) {
  const t = useMessages().knowledgeQuestions;
  return (
    <li className={c.question}>
      <div className={c.questionText}>
        <Text fw={500} size="sm">
          {question.question}
        </Text>
        {question.passages.map((passage) => (
          <Text key={`${passage.path} ${passage.quote}`} size="xs" c="dimmed" component="div">
            <span className={c.path}>{passage.path}</span>{" "}
            {passage.quote ? <q>{passage.quote}</q> : <em>{t.wholeDocument}</em>}
          </Text>
        ))}
        {question.answer && (
          <Text size="xs" c="dimmed">
            {t.answer}: {question.answer}
          </Text>
        )}
        {!question.answerable && (
          <Text size="xs" c="dimmed">
            {t.notAnswerable}
          </Text>
        )}
        <Group gap={6}>
          <Badge size="sm" variant="light" color="gray" tt="none" fw={500}>
            {t.sources[question.source] ?? question.source}
          </Badge>
          {question.edited && (
            <Badge size="sm" variant="light" color="gray" tt="none" fw={500}>
              {t.edited}
            </Badge>
          )}
          {question.state !== "proposed" && (
            <Badge size="sm" variant="light" color={question.state === "accepted" ? "teal" : "red"} tt="none" fw={500}>
              {t.states[question.state]}
            </Badge>
          )}
        </Group>
      </div>
      <Group gap={4} className={c.buttons}>
        {question.state !== "accepted" && (
          <Button
            size="compact-xs"
            variant="light"
            color="teal"
            leftSection={<Check size={12} aria-hidden />}
            onClick={() => onReview("accepted")}
          >
            {t.accept}
          </Button>
        )}
        {question.state !== "rejected" && (
          <Button
            size="compact-xs"
            variant="default"
            leftSection={<X size={12} aria-hidden />}
            onClick={() => onReview("rejected")}
          >
            {t.reject}
          </Button>
        )}
        <Button size="compact-xs" variant="default" leftSection={<Pencil size={11} aria-hidden />} onClick={onEdit}>
          {t.edit}
        </Button>
        <RowAction
          title={t.deleteTitle}
          text={t.deleteText}
          label={t.delete}
          successMessage={t.deleted}
          invalidates={["knowledge"]}
          action={() =>
            unwrap(
              api.DELETE("/api/v1/knowledge/bases/{base}/questions/{id}", {
                params: { path: { base, id: question.id } },
              }),
            )
          }
        />
      </Group>
    </li>
  );
}
