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
    // Two files for what pages share. Without them each shared module became a file of its own: 50 requests for a page.
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "vendor", test: /node_modules/, minShareCount: 2 },
            { name: "parts", test: /console\/src\/(?:live|messages|parts|session)\//, minShareCount: 2 },
          ],
        },
      },
    },
  },
  server: { proxy: Object.fromEntries(API_PATHS.map((path) => [path, { target: SERVER }])) },
};
