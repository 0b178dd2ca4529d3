import { Box, Loader, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { onReachabilityChange } from "@/api/client";
import { useMessages } from "./i18n";
import c from "./Shell.module.css";

/** Show a banner while the server does not respond. Once it responds again, all queries on screen are refetched. */
export function ServerUnreachableBanner() {
  const t = useMessages().app;
  const client = useQueryClient();
  const [unreachable, setUnreachable] = useState(false);
  useEffect(() => {
    let wasUnreachable = false;
    return onReachabilityChange((isUnreachable) => {
      setUnreachable(isUnreachable);
      if (wasUnreachable && !isUnreachable) void client.invalidateQueries();
      wasUnreachable = isUnreachable;
    });
  }, [client]);
  return (
    <div role="status" aria-live="polite">
      {unreachable && (
        <Box className={c.unreachable}>
          <Loader size={14} color="currentColor" aria-hidden />
          <Text size="sm" fw={600}>
            {t.unreachable.title}
          </Text>
          <Text size="sm">{t.unreachable.text}</Text>
        </Box>
      )}
    </div>
  );
}
