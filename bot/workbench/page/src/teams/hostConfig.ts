// How Adaptive Cards look here: near to Teams, in both themes.

const LIGHT = { ink: "#242424", soft: "#575757", accent: "#4f52b2", good: "#1c6b3f", warning: "#835b00", attention: "#b32b3d", emphasis: "#f3f2f1", line: "#d9d9de", card: "#ffffff" };
const DARK = { ink: "#f0f0f2", soft: "#b9b9c0", accent: "#a6a9f7", good: "#92c353", warning: "#f8d22a", attention: "#ff8b90", emphasis: "#34353c", line: "#4a4b54", card: "#26272d" };

export function hostConfig(theme: "light" | "dark") {
  const look = theme === "dark" ? DARK : LIGHT;
  const color = (normal: string) => ({ default: normal, subtle: normal === look.ink ? look.soft : normal });
  const foregroundColors = {
    default: color(look.ink),
    dark: color(look.ink),
    light: color(look.ink),
    accent: color(look.accent),
    good: color(look.good),
    warning: color(look.warning),
    attention: color(look.attention),
  };
  const style = (backgroundColor: string) => ({ backgroundColor, foregroundColors });
  return {
    fontFamily: "inherit",
    supportsInteractivity: true,
    spacing: { small: 4, default: 8, medium: 12, large: 16, extraLarge: 24, padding: 14 },
    separator: { lineThickness: 1, lineColor: look.line },
    fontSizes: { small: 12, default: 14, medium: 14, large: 17, extraLarge: 22 },
    fontWeights: { lighter: 400, default: 400, bolder: 600 },
    lineHeights: { small: 17, default: 20, medium: 20, large: 23, extraLarge: 29 },
    containerStyles: {
      default: style("#00000000"),
      emphasis: style(look.emphasis),
      accent: style(look.emphasis),
      good: style(look.emphasis),
      attention: style(look.emphasis),
      warning: style(look.emphasis),
    },
    actions: { maxActions: 6, spacing: "default", buttonSpacing: 8, actionsOrientation: "horizontal", actionAlignment: "left", showCard: { actionMode: "inline", inlineTopMargin: 12 } },
    factSet: { title: { weight: "bolder", wrap: true, maxWidth: 130 }, value: { wrap: true }, spacing: 12 },
    inputs: { label: { requiredInputs: { suffix: " *", suffixColor: "attention" }, optionalInputs: {} }, errorMessage: { color: "attention" } },
    textBlock: { headingLevel: 3 },
    textStyles: { heading: { size: "large", weight: "bolder" }, columnHeader: { weight: "bolder" } },
    table: { cellSpacing: 8 },
    imageSizes: { small: 40, medium: 80, large: 160 },
  };
}
