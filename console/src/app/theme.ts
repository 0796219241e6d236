/** Colors with enough contrast (WCAG 2.2 AA) in light and dark. Mantine's own greys and state colors have too little. */
import { Alert, type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";
import { form } from "../messages/en/app.ts";

const signal: MantineColorsTuple = [
  "#eef4ff",
  "#dbe6fb",
  "#b5cbf5",
  "#8badef",
  "#6893ea",
  "#4f80e4",
  "#3f73df",
  "#2f5fc4",
  "#2554b0",
  "#17469c",
];

const slate: MantineColorsTuple = [
  "#e8ebf0",
  "#c9ced8",
  "#a9b1bf",
  "#8a94a6",
  "#4a5364",
  "#363e4d",
  "#272e3a",
  "#1b212b",
  "#141922",
  "#0d1117",
];

/** An alert's color as the tone of a state. */
const ALERT_TONES: Readonly<Record<string, string>> = { red: "bad", yellow: "warn", orange: "warn", green: "ok" };

export const theme = createTheme({
  primaryColor: "signal",
  primaryShade: 7,
  colors: { signal, dark: slate },
  autoContrast: true,
  luminanceThreshold: 0.35,
  components: {
    Alert: Alert.extend({
      vars: (_, { color }) => {
        const tone = ALERT_TONES[String(color)] ?? "busy";
        return { root: { "--alert-bg": `var(--${tone}-bg)`, "--alert-color": `var(--${tone})` } };
      },
      styles: { message: { color: "var(--mantine-color-text)" } },
    }),
    Modal: { defaultProps: dialogProps() },
    Drawer: { defaultProps: dialogProps() },
    PasswordInput: {
      defaultProps: { visibilityToggleFocusable: true, visibilityToggleButtonProps: { "aria-label": form.showTyped } },
    },
  },
  defaultRadius: "sm",

  respectReducedMotion: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
  fontFamilyMonospace: "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Liberation Mono', monospace",
  headings: {
    fontWeight: "600",
    sizes: { h1: { fontSize: "1.375rem" }, h2: { fontSize: "1.0625rem" }, h3: { fontSize: "0.9375rem" } },
  },
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
});

/** A dialog's heading is in a `<header>`, which would be a second banner of the page. */
function dialogProps() {
  return {
    attributes: { header: { role: "presentation" } },
    closeButtonProps: { "aria-label": form.close },
    styles: { title: { fontWeight: 600, fontSize: "var(--mantine-font-size-lg)" } },
  };
}

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#f7f8fa",
    "--mantine-color-text": "#1a1f27",
    "--mantine-color-dimmed": "#525c6b",
    "--mantine-color-placeholder": "#667080",
    "--mantine-color-error": "#b42318",
    "--mantine-color-anchor": "#2554b0",
    "--mantine-color-default-border": "#c4cad3",
    "--surface": "#ffffff",
    "--surface-2": "#eef0f4",
    "--line": "#dfe3e9",
    "--ok": "#14703d",
    "--ok-bg": "#e3f5ea",
    "--bad": "#b42318",
    "--bad-bg": "#fdeceb",
    "--warn": "#8a4b08",
    "--warn-bg": "#fdf1dc",
    "--busy": "#2554b0",
    "--busy-bg": "#e8effc",
    "--idle": "#525c6b",
    "--idle-bg": "#eef0f4",
  },
  dark: {
    "--mantine-color-body": "#0d1117",
    "--mantine-color-text": "#dde3ec",
    "--mantine-color-dimmed": "#9aa5b5",
    "--mantine-color-placeholder": "#8a94a6",
    "--mantine-color-error": "#ff8a80",
    "--mantine-color-anchor": "#8ab0f7",
    "--mantine-color-default-border": "#3a4353",
    "--surface": "#141922",
    "--surface-2": "#1e2530",
    "--line": "#272e3a",
    "--ok": "#62d391",
    "--ok-bg": "#10301f",
    "--bad": "#ff8f85",
    "--bad-bg": "#3b1715",
    "--warn": "#f2b35c",
    "--warn-bg": "#35240b",
    "--busy": "#8ab0f7",
    "--busy-bg": "#172746",
    "--idle": "#a9b1bf",
    "--idle-bg": "#232a35",
  },
});
