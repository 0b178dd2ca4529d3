import "@mantine/notifications/styles.css";

/** Separate chunk: no notification can appear before the first page is shown. */
export { Notifications as default } from "@mantine/notifications";
