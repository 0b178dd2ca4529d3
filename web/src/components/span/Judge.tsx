import { ActionIcon, Button, Group, Kbd, Text, Textarea, TextInput, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { ThumbsDown, ThumbsUp } from "lucide-react";
import { useState } from "react";
import { useMessages } from "@/app/i18n";
import { isJson } from "./body";
import { Diff } from "./Diff";
import { useJudge } from "./queries";

/** Thumbs up or down, with a comment where one is typed first. With `keys` plus and minus do the same. */
export function Thumbs({ span, keys, comment }: { span: string; keys?: boolean; comment?: boolean }) {
  const t = useMessages().traces.judge;
  const [said, say] = useState("");
  const [given, give] = useState<number | null>(null);
  const judge = useJudge((score) => {
    give(score.value ?? null);
    say("");
  });
  const score = (value: number) =>
    judge.mutate({ span_id: span, value, comment: said.trim() || undefined, name: "quality", source: "human" });
  useHotkeys(
    keys
      ? [
          ["[plus]", () => score(1)],
          ["shift+[plus]", () => score(1)],
          ["=", () => score(1)],
          ["-", () => score(0)],
        ]
      : [],
  );
  const thumb = (value: number, label: string, key: string) => {
    const Icon = value ? ThumbsUp : ThumbsDown;
    return (
      <Tooltip
        label={
          <>
            {label} {keys && <Kbd size="xs">{key}</Kbd>}
          </>
        }
      >
        <ActionIcon
          variant={given === value ? "light" : "default"}
          color={given === value ? (value ? "teal" : "red") : "gray"}
          size={comment ? 30 : "sm"}
          aria-label={label}
          aria-pressed={given === value}
          loading={judge.isPending && judge.variables?.value === value}
          onClick={() => score(value)}
        >
          <Icon size={comment ? 15 : 13} />
        </ActionIcon>
      </Tooltip>
    );
  };
  return (
    <Group gap={4} wrap="nowrap" style={{ minWidth: 0, flex: comment ? "1 1 220px" : "none" }}>
      {thumb(1, t.good, "+")}
      {thumb(0, t.bad, "−")}
      {comment && (
        <TextInput
          size="xs"
          value={said}
          onChange={(event) => say(event.currentTarget.value)}
          placeholder={t.comment}
          aria-label={t.comment}
          style={{ flex: 1, minWidth: 90 }}
        />
      )}
    </Group>
  );
}

/** The answer to edit into what it should have been, with what changes below it. */
export function Correction({ span, answer, onClose }: { span: string; answer: string; onClose: () => void }) {
  const t = useMessages().traces.judge;
  const app = useMessages().app;
  const [text, setText] = useState(answer);
  const judge = useJudge(onClose);
  const broken = isJson(answer) && !isJson(text);
  const save = () => {
    if (text !== answer && text.trim())
      judge.mutate({ span_id: span, correction: text, name: "quality", source: "human" });
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
        error={broken ? t.brokenJson : undefined}
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
        <Button size="xs" onClick={save} loading={judge.isPending} disabled={text === answer || !text.trim()}>
          {t.saveCorrection}
        </Button>
      </Group>
    </div>
  );
}
