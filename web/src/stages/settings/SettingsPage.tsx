import { Anchor, Badge, Button, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useMessages } from "@/app/i18n";
import { useSession, useSwitchProject } from "@/app/session";
import { Columns } from "@/components/Columns";
import { Facts, Panel } from "@/components/Page";
import { SettingsLayout } from "./SettingsLayout";

function RelatedSettings() {
  const t = useMessages().settings.project;
  const links = [
    { to: "/gateway/keys", name: t.keys, text: t.keysText },
    { to: "/gateway/providers", name: t.providers, text: t.providersText },
  ];
  return (
    <Panel title={t.elsewhere}>
      <Stack gap="sm">
        {links.map((link) => (
          <div key={link.to}>
            <Anchor component={Link} to={link.to} size="sm" fw={500}>
              {link.name}
            </Anchor>
            <Text size="sm" c="dimmed">
              {link.text}
            </Text>
          </div>
        ))}
      </Stack>
    </Panel>
  );
}

/** Show the current project and all others. */
export default function SettingsPage() {
  const t = useMessages().settings;
  const { user, project, projects } = useSession();
  const switchProject = useSwitchProject();
  return (
    <SettingsLayout>
      <Columns
        main={
          <>
            <Panel title={t.project.title}>
              <Facts
                items={[
                  [t.project.name, project.name],
                  [t.project.role, t.roles[user.role]],
                  [
                    t.project.id,
                    <span key="id" className="mono">
                      {project.id}
                    </span>,
                  ],
                ]}
              />
            </Panel>
            <Panel title={t.project.others}>
              <Facts
                items={projects.map((other) => [
                  other.name,
                  other.id === project.id ? (
                    <Badge key={other.id} variant="light" tt="none" fw={500}>
                      {t.project.here}
                    </Badge>
                  ) : (
                    <Button
                      key={other.id}
                      size="compact-xs"
                      variant="default"
                      onClick={() => switchProject.mutate(other.name)}
                    >
                      {t.project.open}
                    </Button>
                  ),
                ])}
              />
            </Panel>
          </>
        }
        side={<RelatedSettings />}
      />
    </SettingsLayout>
  );
}
