import { ActionIcon, Button, Group, Kbd, Text, Textarea, TextInput, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { ThumbsDown, ThumbsUp } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { isJson } from "./body";
import { Diff } from "./Diff";
import { useScoreSpan } from "./queries";

/** Show thumbs up and down with an optional comment field. With `keys`, plus and minus score as well. */
export function ThumbButtons({ span, hotkeys, comment }: { span: string; hotkeys?: boolean; comment?: boolean }) {
  const t = useMessages().traces.judge;
  const [commentText, setCommentText] = useState("");
  const [givenScore, setGivenScore] = useState<number | null>(null);
  const scoreSpan = useScoreSpan((score) => {
    setGivenScore(score.value ?? null);
    setCommentText("");
  });
  const score = (value: number) =>
    scoreSpan.mutate({
      span_id: span,
      value,
      comment: commentText.trim() || undefined,
      name: "quality",
      source: "human",
    });
  useHotkeys(
    hotkeys
      ? [
          ["[plus]", () => score(1)],
          ["shift+[plus]", () => score(1)],
          ["=", () => score(1)],
          ["-", () => score(0)],
        ]
      : [],
  );
  const thumbButton = (value: number, label: string, key: string) => {
    const Icon = value ? ThumbsUp : ThumbsDown;
    return (
      <Tooltip
        label={
          <>
            {label} {hotkeys && <Kbd size="xs">{key}</Kbd>}
          </>
        }
      >
        <ActionIcon
          variant={givenScore === value ? "light" : "default"}
          color={givenScore === value ? (value ? "teal" : "red") : "gray"}
          size={comment ? 30 : "sm"}
          aria-label={label}
          aria-pressed={givenScore === value}
          loading={scoreSpan.isPending && scoreSpan.variables?.value === value}
          onClick={() => score(value)}
        >
          <Icon size={comment ? 15 : 13} />
        </ActionIcon>
      </Tooltip>
    );
  };
  return (
    <Group gap={4} wrap="nowrap" style={{ minWidth: 0, flex: comment ? "1 1 220px" : "none" }}>
      {thumbButton(1, t.good, "+")}
      {thumbButton(0, t.bad, "−")}
      {comment && (
        <TextInput
          size="xs"
          value={commentText}
          onChange={(event) => setCommentText(event.currentTarget.value)}
          placeholder={t.comment}
          aria-label={t.comment}
          style={{ flex: 1, minWidth: 90 }}
        />
      )}
    </Group>
  );
}

/** Show an editor to correct an answer, with the changes below. */
export function CorrectionEditor({ span, answer, onClose }: { span: string; answer: string; onClose: () => void }) {
  const t = useMessages().traces.judge;
  const app = useMessages().app;
  const [text, setText] = useState(answer);
  const scoreSpan = useScoreSpan(onClose);
  const isInvalidJson = isJson(answer) && !isJson(text);
  const save = () => {
    if (text !== answer && text.trim())
      scoreSpan.mutate({ span_id: span, correction: text, name: "quality", source: "human" });
  };
  return (
    <div>
      <Textarea
        autosize
        minRows={3}
        maxRows={16}
        autoFocus
        label={t.should}
        description={t.shouldHint}
        error={isInvalidJson ? t.brokenJson : undefined}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) save();
          if (event.key === "Escape") {
            event.stopPropagation();
            onClose();
          }
        }}
      />
      {text !== answer && (
        <div style={{ marginTop: 8 }}>
          <Text size="xs" c="dimmed" mb={4}>
            {t.change}
          </Text>
          <Diff before={answer} after={text} />
        </div>
      )}
      <Group justify="flex-end" gap="xs" mt="xs">
        <Button size="xs" variant="default" onClick={onClose}>
          {app.cancel}
        </Button>
        <Button size="xs" onClick={save} loading={scoreSpan.isPending} disabled={text === answer || !text.trim()}>
          {t.saveCorrection}
        </Button>
      </Group>
    </div>
  );
}
