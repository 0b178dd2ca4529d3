import { ActionIcon, Alert, Autocomplete, Button, Checkbox, Group, Modal, Stack, Text, Textarea } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus, Trash2 } from "lucide-react";
import { ApiError, type Schema } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { FormActions } from "@/components/FormActions";
import { fieldErrors } from "@/components/fieldErrors";
import { documentsQuery } from "../queries";
import { type QuestionInput, questionContent, questionInput } from "./metrics";
import { addQuestion, reviewQuestion } from "./queries";

type Props = { base: string; question?: Schema["KnowledgeQuestion"]; onClose: () => void };

/** Show the form that adds a question or edits and accepts one: question, expected passages, expected answer. */
export function QuestionForm({ base, question, onClose }: Props) {
  const { knowledgeQuestions, app } = useMessages();
  const t = knowledgeQuestions.form;
  const client = useQueryClient();
  const documents = useInfiniteQuery(documentsQuery(base)).data?.pages.flat() ?? [];
  const form = useForm<QuestionInput>({
    initialValues: questionInput(question),
    validate: {
      question: (value) => (value.trim() ? null : t.required),
      answer: (value, { answerable, passages }) =>
        answerable && !value.trim() && !passages.some((passage) => passage.path.trim()) ? t.needsExpected : null,
    },
  });
  const save = useMutation({
    mutationFn: async (values: QuestionInput) => {
      const content = questionContent(values);
      if (question) await reviewQuestion(base, question.id, { content, state: "accepted" });
      else await addQuestion(base, content);
    },
    onSuccess: onClose,
    onError: (error) =>
      form.setErrors(
        fieldErrors(error, { "questions.0.question": "question", "content.question": "question", answer: "answer" }),
      ),
    onSettled: () => client.invalidateQueries({ queryKey: ["knowledge"] }),
  });
  const { answerable, passages } = form.values;
  const error = save.error instanceof ApiError && !form.errors.question ? save.error : null;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={question ? knowledgeQuestions.edit : knowledgeQuestions.add}
      closeButtonProps={{ "aria-label": app.close }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack gap="sm">
          <Textarea label={t.question} autosize minRows={2} data-autofocus {...form.getInputProps("question")} />
          <Checkbox label={t.answerable} {...form.getInputProps("answerable", { type: "checkbox" })} />
          {answerable && (
            <>
              {passages.map((passage, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: passages have no id and keep their order
                <Group key={index} align="flex-start" wrap="nowrap" gap="xs">
                  <Stack gap={6} style={{ flex: 1 }}>
                    <Autocomplete
                      label={t.path}
                      description={index === 0 ? t.pathHint : undefined}
                      data={documents.map((document) => document.path)}
                      limit={50}
                      {...form.getInputProps(`passages.${index}.path`)}
                    />
                    <Textarea
                      label={t.quote}
                      description={index === 0 ? t.quoteHint : undefined}
                      autosize
                      minRows={2}
                      maxRows={8}
                      {...form.getInputProps(`passages.${index}.quote`)}
                    />
                  </Stack>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    mt={26}
                    aria-label={`${t.removePassage}: ${passage.path || index + 1}`}
                    onClick={() => form.removeListItem("passages", index)}
                  >
                    <Trash2 size={15} />
                  </ActionIcon>
                </Group>
              ))}
              <Group>
                <Button
                  size="compact-sm"
                  variant="default"
                  leftSection={<Plus size={13} aria-hidden />}
                  onClick={() => form.insertListItem("passages", { path: "", quote: "", relevance: 1 })}
                >
                  {t.addPassage}
                </Button>
              </Group>
              <Textarea label={t.answer} autosize minRows={1} {...form.getInputProps("answer")} />
            </>
          )}
          {error && (
            <Alert color="red" role="alert" title={error.title}>
              {error.hint}
              {error.faults.map((fault) => (
                <Text key={fault.path} size="sm">
                  {fault.message}
                </Text>
              ))}
            </Alert>
          )}
        </Stack>
        <FormActions
          label={question && question.state !== "accepted" ? t.saveAndAccept : t.save}
          loading={save.isPending}
          onCancel={onClose}
        />
      </form>
    </Modal>
  );
}
