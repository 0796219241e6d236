/**
 * `npm run dev`: the server for development, with a readable log. It accepts `http:` and loopback URLs for endpoints.
 *
 * This file pipes the log, and not the shell: npm sends signals only to the shell, which ends without passing them on.
 */
import { spawn } from "node:child_process";
import path from "node:path";
import pretty from "pino-pretty";

const server = spawn(process.execPath, [path.join(import.meta.dirname, "../src/main.js")], {
  env: {
    ...process.env,
    SIGNALBOX_ALLOW_HTTP: process.env.SIGNALBOX_ALLOW_HTTP || "true",
    SIGNALBOX_ALLOW_NETWORKS: process.env.SIGNALBOX_ALLOW_NETWORKS || "127.0.0.0/8,::1/128",
  },
  stdio: ["inherit", "pipe", "inherit"],
});
server.stdout.pipe(pretty({ destination: 1, sync: true }));
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => server.kill(signal));
server.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
