import { ActionIcon, Select, Text, Tooltip } from "@mantine/core";
import { X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useMessages } from "@/app/i18n";
import { Chat } from "@/components/Chat";
import { AnswerView } from "./AnswerView";
import { messagesFor, type Side } from "./conversation";
import { Parameters } from "./Parameters";
import c from "./Playground.module.css";
import type { ModelGroups } from "./queries";
import type { usePlayground } from "./usePlayground";

type Props = {
  side: Side;
  model: string | undefined;
  models: ModelGroups;
  playground: ReturnType<typeof usePlayground>;
  original?: string;
  onModel: (model: string) => void;
  onRemove?: () => void;
};

/** Show the conversation with one model. */
export function ModelColumn({ side, model, models, playground, original, onModel, onRemove }: Props) {
  const t = useMessages().playground;
  const app = useMessages().app;
  const { state, update, ask } = playground;
  const scrollRef = useRef<HTMLDivElement>(null);
  const isNearEnd = useRef(true);
  const textLength = state.turns.reduce((sum, turn) => sum + (turn[side]?.text.length ?? 0) + 1, 0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: follow new text while the user is at the end
  useEffect(() => {
    if (isNearEnd.current && scrollRef.current) scrollRef.current.scrollTop = scrollRef.current.scrollHeight;
  }, [textLength]);
  const groups = [
    { group: t.groups.routes, items: models.routes },
    { group: t.groups.deployments, items: models.deployments },
    { group: t.groups.others, items: models.others },
  ].filter((group) => group.items.length > 0);
  const isListed = groups.some((group) => group.items.includes(model ?? ""));
  const data = model && !isListed ? [{ group: t.model, items: [model] }, ...groups] : groups;
  const title = t.column(t[side], model ?? t.pick);
  return (
    <section className={c.column} aria-label={title}>
      <div className={c.head}>
        <Select
          size="xs"
          data={data}
          value={model ?? null}
          onChange={(value) => value && onModel(value)}
          searchable
          allowDeselect={false}
          placeholder={t.pick}
          aria-label={`${t.model}, ${t[side]}`}
          className={c.picker}
          maxDropdownHeight={360}
        />
        <Parameters
          params={state.params[side]}
          onChange={(params) => update((previous) => ({ ...previous, params: { ...previous.params, [side]: params } }))}
        />
        {onRemove && (
          <Tooltip label={t.remove}>
            <ActionIcon variant="subtle" color="gray" aria-label={t.remove} onClick={onRemove}>
              <X size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <div
        className={c.conversation}
        ref={scrollRef}
        tabIndex={0}
        role="log"
        aria-label={title}
        onScroll={({ currentTarget: element }) => {
          isNearEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
        }}
      >
        {state.initialMessages.length > 0 && <Chat messages={state.initialMessages} />}
        {state.turns.length === 0 && (
          <Text size="sm" c="dimmed" className={c.ready}>
            {t.ready}
          </Text>
        )}
        {state.turns.map((turn) => {
          const answer = turn[side];
          return (
            <div key={turn.id} className={c.turn}>
              {turn.user !== undefined && (
                <div className={c.user}>
                  <span className={c.role}>{app.role.user}</span>
                  {turn.user}
                </div>
              )}
              {answer && (
                <>
                  <span className={c.role}>{answer.model}</span>
                  <AnswerView
                    answer={answer}
                    messages={() => messagesFor(side, state.system, state.initialMessages, state.turns, turn.id)}
                    tools={state.extraParams.tools}
                    original={turn === state.turns[0] ? original : undefined}
                    onRetry={() => model && void ask(turn.id, side, model)}
                  />
                </>
              )}
            </div>
          );
        })}
      </div>
    </section>
  );
}
