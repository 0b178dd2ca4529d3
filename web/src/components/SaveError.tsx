import { Alert } from "@mantine/core";
import { CircleAlert } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { ErrorAlert } from "./QueryBoundary";

type Props = { error: unknown; title: string; hasFields: boolean };

/** Show why a form was not saved. `hasFields`: the messages are shown at the fields. */
export function SaveError({ error, title, hasFields }: Props) {
  const t = useMessages().app.errors;
  if (!hasFields) return <ErrorAlert error={error} title={title} flush />;
  return (
    <Alert color="red" icon={<CircleAlert size={18} aria-hidden />} title={title} role="alert">
      {t.fields}
    </Alert>
  );
}
