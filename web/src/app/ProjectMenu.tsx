import { Box, Menu, Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Check, ChevronsUpDown, Plus } from "lucide-react";
import { lazy, Suspense } from "react";
import { useMessages } from "./i18n";
import { Logo } from "./Logo";
import c from "./Shell.module.css";
import { useSession, useSwitchProject } from "./session";

const NewProject = lazy(() => import("./NewProject"));

/** Show the current project and a menu to switch to another one. */
export function ProjectMenu() {
  const t = useMessages().app;
  const session = useSession();
  const switchProject = useSwitchProject();
  const [creating, { open, close }] = useDisclosure();
  return (
    <>
      <Menu width={224} position="bottom-start">
        <Menu.Target>
          <UnstyledButton className={c.project}>
            <Logo />
            <Box style={{ minWidth: 0 }}>
              <Text size="sm" fw={600} lh={1.2} truncate>
                {session.project.name}
              </Text>
              <Text size="xs" c="dimmed" lh={1.3}>
                {t.project.label}
              </Text>
            </Box>
            <ChevronsUpDown size={14} className={c.chevron} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t.project.switch}</Menu.Label>
          {session.projects.map((project) => (
            <Menu.Item
              key={project.id}
              onClick={() => switchProject.mutate(project.name)}
              rightSection={project.id === session.project.id ? <Check size={14} aria-hidden /> : null}
            >
              {project.name}
            </Menu.Item>
          ))}
          {session.user.role === "owner" && (
            <>
              <Menu.Divider />
              <Menu.Item leftSection={<Plus size={14} aria-hidden />} onClick={open}>
                {t.project.new}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Suspense>{creating && <NewProject opened onClose={close} />}</Suspense>
    </>
  );
}
