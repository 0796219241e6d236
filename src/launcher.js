// The channel between a process and the server that it starts. It closes when the process is gone, whatever ended it. JavaScript,
// because an old Node runs it, too.

const LAUNCHER = "SIGNALBOX_LAUNCHER";

/**
 * With one arena, glibc's threads reuse the memory that others have freed, which saves 20 MB under load. It reads the variable
 * before any code of ours runs.
 */
const ONE_ARENA = { MALLOC_ARENA_MAX: "1" };

/** What `spawn` gets for a process that runs `main.js` and ends with this one. */
export function launch(env, ...streams) {
  return { env: { ...ONE_ARENA, ...env, [LAUNCHER]: `${process.pid}` }, stdio: [...streams, "ipc"] };
}

/**
 * Stop once the launching process is gone. A process manager that kills it starts it again, and a server that was left
 * would keep the port and the data.
 */
export function endWithLauncher() {
  const isLaunched = process.env[LAUNCHER] === `${process.ppid}`;
  delete process.env[LAUNCHER];
  if (!isLaunched) return;
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel?.unref();
}
