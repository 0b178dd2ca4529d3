import { Anchor, Box, Breadcrumbs, Group, Paper, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import c from "./Page.module.css";

type Crumb = { label: string; to: string };
type HeaderProps = { title: string; badge?: ReactNode; sub?: ReactNode; crumbs?: Crumb[]; actions?: ReactNode };

/** The head of every page: where it is, what it shows, what can be done. Sets the document's title too. */
export function PageHeader({ title, badge, sub, crumbs, actions }: HeaderProps) {
  useDocumentTitle(`${title} · Vong`);
  return (
    <header className={c.header}>
      <Box style={{ minWidth: 0 }}>
        {crumbs && (
          <Breadcrumbs separatorMargin={6} mb={4} separator={<span className={c.slash}>/</span>}>
            {crumbs.map((crumb) => (
              <Anchor key={crumb.to} component={Link} to={crumb.to} size="xs" c="dimmed">
                {crumb.label}
              </Anchor>
            ))}
          </Breadcrumbs>
        )}
        <Group gap="sm">
          <Title order={1} className={c.title}>
            {title}
          </Title>
          {badge}
        </Group>
        {sub && (
          <Text size="sm" c="dimmed" mt={2} component="div">
            {sub}
          </Text>
        )}
      </Box>
      {actions && <Group gap="xs">{actions}</Group>}
    </header>
  );
}

/** What lies under the head, with the page's margins. */
export function PageBody({ children }: { children: ReactNode }) {
  return <div className={c.body}>{children}</div>;
}

/** A framed part of a page with a heading of its own. */
export function Panel({
  title,
  actions,
  children,
  flush,
}: {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  flush?: boolean;
}) {
  return (
    <Paper withBorder className={c.panel} component="section">
      {(title || actions) && (
        <Group justify="space-between" className={c.panelHead} wrap="nowrap">
          <Title order={2} className={c.panelTitle}>
            {title}
          </Title>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      )}
      <div className={flush ? c.flush : c.inner}>{children}</div>
    </Paper>
  );
}

/** Figures in a row, each with its name above it. */
export function Stats({ items }: { items: { label: ReactNode; value: ReactNode; note?: ReactNode }[] }) {
  return (
    <dl className={c.stats}>
      {items.map(({ label, value, note }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: figures keep their places
        <div key={index} className={c.stat}>
          <dt>{label}</dt>
          <dd className="num">
            {value}
            {note && <span className={c.note}>{note}</span>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Names and values under one another. */
export function Facts({ items }: { items: [ReactNode, ReactNode][] }) {
  return (
    <dl className={c.facts}>
      {items.map(([name, value], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: facts keep their places
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
