import { Button, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { KeyRound, RefreshCw, Upload } from "lucide-react";
import { useMessages } from "@/app/i18n";
import { CodeBlock } from "@/components/Code";
import c from "./home.module.css";

/** Show three ways to start in an empty project. */
export default function GettingStarted() {
  const t = useMessages().home.gettingStarted;
  const client = `client = OpenAI(\n    base_url="${location.origin}/v1",\n    api_key="vong-…",\n)`;
  return (
    <section aria-label={t.title}>
      <div className={c.gettingStarted}>
        <div className={c.option}>
          <Title order={2}>{t.client}</Title>
          <Text size="sm" c="dimmed">
            {t.clientText}
          </Text>
          <div style={{ width: "100%" }}>
            <CodeBlock text={client} label={t.client} />
          </div>
          <Button component={Link} to="/gateway/keys" size="sm" leftSection={<KeyRound size={15} aria-hidden />}>
            {t.key}
          </Button>
        </div>
        <div className={c.option}>
          <Title order={2}>{t.data}</Title>
          <Text size="sm" c="dimmed">
            {t.dataText}
          </Text>
          <Button
            component={Link}
            to="/data"
            search={{ import: true } as never}
            size="sm"
            variant="default"
            leftSection={<Upload size={15} aria-hidden />}
          >
            {t.import}
          </Button>
        </div>
        <div className={c.option}>
          <Title order={2}>{t.sample}</Title>
          <Text size="sm" c="dimmed">
            {t.sampleText}
          </Text>
          <div style={{ width: "100%" }}>
            <CodeBlock text="vong quickstart" label={t.sample} />
          </div>
          <Button
            component={Link}
            to="/loop/new"
            size="sm"
            variant="default"
            leftSection={<RefreshCw size={15} aria-hidden />}
          >
            {t.runSample}
          </Button>
        </div>
      </div>
    </section>
  );
}
