/** How Vite builds and serves the console. */
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
/** The server that `npm run dev -w console` shows. */
const SERVER = process.env.SIGNALBOX_URL ?? "http://localhost:8080";
const API_PATHS = ["/v1", "/dashboard", "/api", "/in", "/healthz", "/readyz"];

export default {
  root: at("."),
  base: "/console/",
  resolve: {
    alias: [
      { find: "@signalbox/sdk", replacement: at("../packages/sdk/src/index.ts") },
      { find: /^@domain\//, replacement: at("../src/domain/") },
    ],
  },
  build: {
    target: "es2023",
    outDir: at("dist"),
    emptyOutDir: true,
    // A console that loads its code from data: URLs would need a weaker policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: Object.fromEntries(API_PATHS.map((path) => [path, { target: SERVER }])) },
};
