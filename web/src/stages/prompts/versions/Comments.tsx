import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ThumbsUp } from "lucide-react";
import { useState } from "react";
import { api, type Schema, unwrap } from "@/api/client";
import { useMessages } from "@/app/i18n";
import { useFormats } from "@/app/i18n/format";
import { notifyError, notifySuccess } from "@/components/notify";
import { Panel } from "@/components/Page";
import { RelativeTime } from "@/components/RelativeTime";
import { commentsQuery } from "../queries";

const LABEL = "prod";

/** Show the comments on a version, and approve it for production. */
export function Comments({ name, version }: { name: string; version: Schema["PromptVersion"] }) {
  const t = useMessages().prompts.history;
  const f = useFormats();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const number = String(version.number);
  const comments = useQuery(commentsQuery(name, number)).data ?? [];
  const refresh = () => client.invalidateQueries({ queryKey: ["prompts"] });
  const add = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/prompts/{name}/comments", {
          params: { path: { name } },
          body: { version: number, text: text.trim() },
        }),
      ),
    onSuccess: () => {
      setText("");
      void refresh();
    },
    onError: notifyError,
  });
  const approve = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/v1/prompts/{name}/approvals", {
          params: { path: { name } },
          body: { version: number, label: LABEL },
        }),
      ),
    onSuccess: () => {
      notifySuccess(t.approved(number));
      void refresh();
    },
    onError: notifyError,
  });
  return (
    <Panel
      title={t.comments(f.number(version.number))}
      actions={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<ThumbsUp size={13} aria-hidden />}
          loading={approve.isPending}
          onClick={() => approve.mutate()}
        >
          {t.approve}
        </Button>
      }
    >
      <Stack gap="sm">
        {comments.map((comment) => (
          <div key={comment.id}>
            <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
              {comment.text}
            </Text>
            <Text size="xs" c="dimmed" component="div">
              {comment.created_by} · <RelativeTime at={comment.created_at} />
            </Text>
          </div>
        ))}
        <Textarea
          aria-label={t.comment}
          placeholder={t.comment}
          autosize
          minRows={2}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button size="sm" disabled={!text.trim()} loading={add.isPending} onClick={() => add.mutate()}>
            {t.addComment}
          </Button>
        </Group>
      </Stack>
    </Panel>
  );
}
