import { Box, Loader, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { onAway } from "@/api/client";
import { useMessages } from "./i18n";
import c from "./Shell.module.css";

/** A banner while the server does not answer. When it is back, everything shown is asked for again. */
export function Away() {
  const t = useMessages().app;
  const client = useQueryClient();
  const [away, setAway] = useState(false);
  useEffect(() => {
    let was = false;
    return onAway((now) => {
      setAway(now);
      if (was && !now) void client.invalidateQueries();
      was = now;
    });
  }, [client]);
  return (
    <div role="status" aria-live="polite">
      {away && (
        <Box className={c.away}>
          <Loader size={14} color="currentColor" aria-hidden />
          <Text size="sm" fw={600}>
            {t.away.title}
          </Text>
          <Text size="sm">{t.away.text}</Text>
        </Box>
      )}
    </div>
  );
}
