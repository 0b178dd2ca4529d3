import { ActionIcon, Drawer, Group, Kbd, Text, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { ChevronDown, ChevronUp, X } from "lucide-react";
import type { ReactNode } from "react";
import { useMessages } from "@/app/i18n";
import c from "./SidePanel.module.css";

type Props = {
  opened: boolean;
  onClose: () => void;
  title: ReactNode;
  actions?: ReactNode;
  onStep?: (by: 1 | -1) => void;
  children: ReactNode;
};

/** Show a panel at the side of a list. J and K step through the list, Escape closes the panel. */
export function SidePanel({ opened, onClose, title, actions, onStep, children }: Props) {
  const t = useMessages().app.sidePanel;
  useHotkeys(
    opened && onStep
      ? [
          ["J", () => onStep(1)],
          ["K", () => onStep(-1)],
        ]
      : [],
  );
  return (
    <Drawer.Root
      opened={opened}
      onClose={onClose}
      position="right"
      size="min(760px, 100vw)"
      trapFocus={false}
      lockScroll={false}
    >
      <Drawer.Content className={c.panel} aria-label={typeof title === "string" ? title : undefined}>
        <Drawer.Header className={c.head}>
          <Drawer.Title className={c.title}>{title}</Drawer.Title>
          <Group gap={4} wrap="nowrap">
            {actions}
            {onStep && (
              <>
                <Tooltip
                  label={
                    <>
                      {t.next} <Kbd size="xs">J</Kbd>
                    </>
                  }
                >
                  <ActionIcon variant="subtle" color="gray" aria-label={t.next} onClick={() => onStep(1)}>
                    <ChevronDown size={17} />
                  </ActionIcon>
                </Tooltip>
                <Tooltip
                  label={
                    <>
                      {t.previous} <Kbd size="xs">K</Kbd>
                    </>
                  }
                >
                  <ActionIcon variant="subtle" color="gray" aria-label={t.previous} onClick={() => onStep(-1)}>
                    <ChevronUp size={17} />
                  </ActionIcon>
                </Tooltip>
              </>
            )}
            <ActionIcon variant="subtle" color="gray" aria-label={t.close} onClick={onClose}>
              <X size={17} />
            </ActionIcon>
          </Group>
        </Drawer.Header>
        <Drawer.Body className={c.body}>{children}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}

/** Show a section of a side panel with a small heading. */
export function SidePanelSection({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <section className={c.section}>
      <Text fw={600} size="sm" mb={6} component="h2">
        {title}
      </Text>
      {children}
    </section>
  );
}
