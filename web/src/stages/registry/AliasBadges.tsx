import { Badge, Group } from "@mantine/core";

/** Show aliases as badges. `prod` is highlighted. */
export function AliasBadges({ names }: { names: string[] }) {
  return (
    <Group gap={4} wrap="nowrap" component="span">
      {names.map((name) => (
        <Badge
          key={name}
          size="sm"
          variant="light"
          color={name === "prod" ? "teal" : name === "candidate" ? "orange" : "gray"}
          tt="none"
        >
          {name}
        </Badge>
      ))}
    </Group>
  );
}
