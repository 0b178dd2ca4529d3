import { Anchor, Box, Breadcrumbs, Group, Paper, Text, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import c from "./Page.module.css";

type Breadcrumb = { label: string; to: string };
type HeaderProps = {
  title: string;
  badge?: ReactNode;
  subtitle?: ReactNode;
  breadcrumbs?: Breadcrumb[];
  actions?: ReactNode;
};

/** Show the header of a page: breadcrumbs, title and actions. Sets the document title. */
export function PageHeader({ title, badge, subtitle, breadcrumbs, actions }: HeaderProps) {
  useDocumentTitle(`${title} · Vong`);
  return (
    <header className={c.header}>
      <Box style={{ minWidth: 0 }}>
        {breadcrumbs && (
          <Breadcrumbs separatorMargin={6} mb={4} separator={<span className={c.slash}>/</span>}>
            {breadcrumbs.map((breadcrumb) => (
              <Anchor key={breadcrumb.to} component={Link} to={breadcrumb.to} size="xs" c="dimmed">
                {breadcrumb.label}
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
        {subtitle && (
          <Text size="sm" c="dimmed" mt={2} component="div">
            {subtitle}
          </Text>
        )}
      </Box>
      {actions && <Group gap="xs">{actions}</Group>}
    </header>
  );
}

/** Show the content of a page with the page margins. */
export function PageBody({ children }: { children: ReactNode }) {
  return <div className={c.body}>{children}</div>;
}

/** Show a framed section with its own heading. */
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

/** Show metrics in a row, each with its label above. */
export function Stats({ items }: { items: { label: ReactNode; value: ReactNode; note?: ReactNode }[] }) {
  return (
    <dl className={c.stats}>
      {items.map(({ label, value, note }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: metrics keep their order
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

/** Show a list of names and values. */
export function Facts({ items }: { items: [ReactNode, ReactNode][] }) {
  return (
    <dl className={c.facts}>
      {items.map(([name, value], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: facts keep their order
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
