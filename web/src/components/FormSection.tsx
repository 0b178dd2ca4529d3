import { Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import c from "./FormSection.module.css";

type Props = { title: string; text: ReactNode; children: ReactNode };

/** Show a part of a long form: its title and purpose beside its fields. */
export function FormSection({ title, text, children }: Props) {
  return (
    <section className={c.section}>
      <div>
        <Title order={2}>{title}</Title>
        <Text size="sm" c="dimmed" mt={4}>
          {text}
        </Text>
      </div>
      <div className={c.fields}>{children}</div>
    </section>
  );
}

/** Show short fields side by side. */
export function FieldRow({ children }: { children: ReactNode }) {
  return <div className={c.row}>{children}</div>;
}
