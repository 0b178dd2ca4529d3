import { createTheme, type MantineColorsTuple } from "@mantine/core";

const iris: MantineColorsTuple = [
  "#eef0ff", "#dadffb", "#b3bbf2", "#8a96ea", "#6776e3", "#5162df", "#4557dd", "#3648c5", "#2e40b1", "#22369c",
]; // biome-ignore format: ten shades in a row
const dark: MantineColorsTuple = [
  "#d3d6dc", "#b4b9c2", "#949aa6", "#6c7380", "#3a4150", "#2a303c", "#1e232c", "#171b22", "#12151b", "#0d1015",
]; // biome-ignore format: ten shades in a row

/** Let the dropdown itself scroll. A scroll area inside it would not be reachable by keyboard. */
const choices = {
  defaultProps: { withScrollArea: false, styles: { options: { maxHeight: 240, overflowY: "auto" } } },
} as const;

/** Sizes, fonts and colours. Values that depend on the colour scheme are in styles.css. */
export const theme = createTheme({
  primaryColor: "iris",
  primaryShade: { light: 6, dark: 6 },
  colors: { iris, dark },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  defaultRadius: "md",
  respectReducedMotion: true,
  cursorType: "pointer",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  headings: {
    fontWeight: "600",
    sizes: {
      h1: { fontSize: "20px", lineHeight: "28px" },
      h2: { fontSize: "15px", lineHeight: "22px" },
      h3: { fontSize: "13px", lineHeight: "20px" },
    },
  },
  components: { Select: choices, Autocomplete: choices, TagsInput: choices, MultiSelect: choices },
});
