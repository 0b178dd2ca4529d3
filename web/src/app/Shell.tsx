import {
  ActionIcon,
  AppShell,
  Box,
  Burger,
  Group,
  Kbd,
  NavLink,
  Text,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure, useHotkeys, useOs } from "@mantine/hooks";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { Moon, Search, Sun } from "lucide-react";
import { lazy, Suspense } from "react";
import { AccountMenu } from "./AccountMenu";
import { useMessages } from "./i18n";
import { LanguagePicker } from "./LanguagePicker";
import { GROUPS, HOME, type NavItem, SETTINGS } from "./nav";
import { ProjectMenu } from "./ProjectMenu";
import { ServerUnreachableBanner } from "./ServerUnreachableBanner";
import c from "./Shell.module.css";

const CommandPalette = lazy(() => import("./CommandPalette"));

function NavigationItem({ item, onClick }: { item: NavItem; onClick: () => void }) {
  const t = useMessages().app;
  const path = useRouterState({ select: (state) => state.location.pathname });
  const active = item.to === "/" ? path === "/" : path === item.to || path.startsWith(`${item.to}/`);
  return (
    <NavLink
      component={Link}
      to={item.to}
      onClick={onClick}
      label={t.nav[item.name]}
      active={active}
      aria-current={active ? "page" : undefined}
      leftSection={<item.icon size={16} strokeWidth={1.75} aria-hidden />}
      classNames={{ root: c.link, label: c.linkLabel }}
    />
  );
}

function Navigation({ onClick }: { onClick: () => void }) {
  const t = useMessages().app;
  return (
    <AppShell.Navbar className={c.nav} aria-label={t.nav.label}>
      <ProjectMenu />
      <Box className={c.groups}>
        <Box mb="md">
          <NavigationItem item={HOME} onClick={onClick} />
        </Box>
        {GROUPS.map(({ group, items }) => (
          <Box key={group} mb="md" role="group" aria-label={t.nav[group]}>
            <Text className={c.group}>{t.nav[group]}</Text>
            {items.map((item) => (
              <NavigationItem key={item.to} item={item} onClick={onClick} />
            ))}
          </Box>
        ))}
      </Box>
      <Box className={c.footer}>
        <NavigationItem item={SETTINGS} onClick={onClick} />
        <AccountMenu />
      </Box>
    </AppShell.Navbar>
  );
}

function SchemeToggle() {
  const t = useMessages().app;
  const { setColorScheme } = useMantineColorScheme();
  const dark = useComputedColorScheme("light") === "dark";
  const label = dark ? t.scheme.light : t.scheme.dark;
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={label}
        onClick={() => setColorScheme(dark ? "light" : "dark")}
      >
        {dark ? <Sun size={17} /> : <Moon size={17} />}
      </ActionIcon>
    </Tooltip>
  );
}

/** Show header, navigation and the current page. */
export function Shell() {
  const t = useMessages().app;
  const [open, { toggle, close }] = useDisclosure();
  const [paletteOpened, palette] = useDisclosure();
  useHotkeys([["mod + K", palette.open]], []);
  const os = useOs();
  return (
    <AppShell
      navbar={{ width: 224, breakpoint: "sm", collapsed: { mobile: !open } }}
      header={{ height: 52 }}
      layout="alt"
      padding={0}
    >
      <a href="#main" className={c.skip}>
        {t.skip}
      </a>
      <AppShell.Header className={c.header}>
        <Group h="100%" px={{ base: "sm", sm: "lg" }} justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t.nav.open} />
            <UnstyledButton className={c.search} onClick={palette.open}>
              <Search size={14} aria-hidden />
              <Text size="sm" c="dimmed" truncate>
                {t.palette.open}
              </Text>
              <Kbd size="xs" ml="auto" visibleFrom="xs" style={{ whiteSpace: "nowrap" }}>
                {os === "macos" ? "⌘ K" : "Ctrl K"}
              </Kbd>
            </UnstyledButton>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <Box visibleFrom="xs">
              <LanguagePicker />
            </Box>
            <SchemeToggle />
          </Group>
        </Group>
      </AppShell.Header>
      <Navigation onClick={close} />
      <AppShell.Main id="main" tabIndex={-1} className={c.main}>
        <ServerUnreachableBanner />
        <Outlet />
      </AppShell.Main>
      <Suspense>{paletteOpened && <CommandPalette onClose={palette.close} />}</Suspense>
    </AppShell>
  );
}
