import { Anchor, Badge, Button, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useMessages } from "@/app/i18n";
import { useSession, useSwitchProject } from "@/app/session";
import { Columns } from "@/components/Columns";
import { Facts, Panel } from "@/components/Page";
import { Frame } from "./Frame";

function Elsewhere() {
  const t = useMessages().settings.project;
  const places = [
    { to: "/gateway/keys", name: t.keys, text: t.keysText },
    { to: "/gateway/providers", name: t.providers, text: t.providersText },
  ];
  return (
    <Panel title={t.elsewhere}>
      <Stack gap="sm">
        {places.map((place) => (
          <div key={place.to}>
            <Anchor component={Link} to={place.to} size="sm" fw={500}>
              {place.name}
            </Anchor>
            <Text size="sm" c="dimmed">
              {place.text}
            </Text>
          </div>
        ))}
      </Stack>
    </Panel>
  );
}

/** The project that is open, and the others. */
export default function SettingsPage() {
  const t = useMessages().settings;
  const { user, project, projects } = useSession();
  const change = useSwitchProject();
  return (
    <Frame>
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
                items={projects.map((one) => [
                  one.name,
                  one.id === project.id ? (
                    <Badge key={one.id} variant="light" tt="none" fw={500}>
                      {t.project.here}
                    </Badge>
                  ) : (
                    <Button key={one.id} size="compact-xs" variant="default" onClick={() => change.mutate(one.name)}>
                      {t.project.open}
                    </Button>
                  ),
                ])}
              />
            </Panel>
          </>
        }
        side={<Elsewhere />}
      />
    </Frame>
  );
}
