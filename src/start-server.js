// What `import … from "signalbox"` gets: the server as a child process. In the caller's own process it would set the umask,
// V8's flags and the signal handlers of a program that is not its own. JavaScript, because it also runs on Node 20: there, the
// child continues in the Node that comes with the package.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { launch } from "./launcher.js";

const MAIN = fileURLToPath(new URL("main.js", import.meta.url));
const LISTENS = /listens on (\S+)/;

/** @type {typeof import("./start-server.js").startServer} */
export async function startServer({ settings = {}, cwd = process.cwd(), onOutput = () => undefined } = {}) {
  const child = spawn(process.execPath, [MAIN, "serve"], {
    cwd,
    ...launch({ ...process.env, ...settings }, "ignore", "pipe", "pipe"),
    // Ctrl-C reaches the program only: a server that gets a second signal does not finish the attempts in flight.
    detached: process.platform !== "win32",
  });
  child.channel?.unref();
  const exited = once(child, "close").then(([code]) => code);
  return {
    url: await listening(child, exited, onOutput),
    exited,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** The address, once the server listens. It says on standard error why it cannot start. */
function listening({ stdout, stderr }, exited, onOutput) {
  return new Promise((resolve, reject) => {
    let said = "";
    let faults = "";
    stdout.setEncoding("utf8").on("data", (text) => {
      onOutput(text);
      if (said === null) return;
      said += text;
      const [, url] = LISTENS.exec(said) ?? [];
      if (url === undefined) return;
      said = null;
      resolve(url);
    });
    stderr.setEncoding("utf8").on("data", (text) => {
      onOutput(text);
      if (said !== null) faults += text;
    });
    exited.then((code) => reject(new Error(faults.trim() || `the server ended with exit code ${code}`)), reject);
  });
}
