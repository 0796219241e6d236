export const charts = {
  asTable: "As table",
  asChart: "As chart",
  at: "Time",
  selectSpan: "Drag over the chart to choose a time span.",
} as const;
