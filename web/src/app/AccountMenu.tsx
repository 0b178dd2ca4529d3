import { Avatar, Menu, Text, UnstyledButton } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { KeyRound, LogOut } from "lucide-react";
import { useMessages } from "./i18n";
import c from "./Shell.module.css";
import { useSession, useSignOut } from "./session";

/** Show the signed-in user and a menu to change the password or sign out. */
export function AccountMenu() {
  const t = useMessages().app;
  const { user } = useSession();
  const signOut = useSignOut();
  return (
    <Menu width={204} position="top-start">
      <Menu.Target>
        <UnstyledButton className={c.account}>
          <Avatar size={24} radius="xl" color="iris" name={user.email} aria-hidden />
          <Text size="sm" truncate>
            {user.email}
          </Text>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/settings/account" leftSection={<KeyRound size={14} aria-hidden />}>
          {t.account.password}
        </Menu.Item>
        <Menu.Item leftSection={<LogOut size={14} aria-hidden />} onClick={() => signOut.mutate()}>
          {t.account.signOut}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
