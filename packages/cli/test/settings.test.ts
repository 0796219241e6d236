import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { settingsFolder } from "../src/settings/files.ts";
import { findProject } from "../src/settings/project.ts";
import { isProfileName, listenerKey, Settings } from "../src/settings/settings.ts";

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), "signalbox-settings-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const settingsIn = (folder: string) => new Settings({ SIGNALBOX_CONFIG: folder }, "linux");
const KEY = { url: "https://a.example", api_key: "sb_live_0a" };

test("the settings are where the environment and the operating system say", () => {
  for (const [env, platform, expected] of [
    [{ SIGNALBOX_CONFIG: "/s", XDG_CONFIG_HOME: "/x", HOME: "/h" }, "linux", "/s"],
    [{ XDG_CONFIG_HOME: "/x", HOME: "/h" }, "linux", "/x/signalbox"],
    [{ XDG_CONFIG_HOME: "relative", HOME: "/h" }, "linux", "/h/.config/signalbox"],
    [{ HOME: "/h" }, "darwin", "/h/.config/signalbox"],
    [{ APPDATA: "/r", HOME: "/h" }, "win32", "/r/signalbox"],
    [{ APPDATA: "/r", HOME: "/h" }, "linux", "/h/.config/signalbox"],
  ] as const) {
    assert.equal(settingsFolder(env, platform), expected);
  }
});

test("credentials are written for their owner alone, whole, and survive a repeated change", async (t) => {
  const folder = path.join(newFolder(t), "deep/er");
  const settings = settingsIn(folder);
  const add = (name: string) =>
    settings.changeCredentials(({ profiles, ...others }) => ({ ...others, profiles: { ...profiles, [name]: KEY } }));
  await Promise.all(["a", "b", "c", "d"].map(add));
  assert.deepEqual(Object.keys(settings.credentials().profiles).sort(), ["a", "b", "c", "d"]);
  assert.equal(statSync(settings.credentialsFile).mode & 0o777, 0o600);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(folder), ["credentials.json"]);
  await settings.changeConfig((config) => ({ ...config, current: "a" }));
  assert.equal(settings.config().current, "a");
});

test("a lock of a process that has ended is taken over once, and nobody removes the lock of another", async (t) => {
  const folder = newFolder(t);
  const settings = settingsIn(folder);
  const lock = `${settings.configFile}.lock`;
  const leaveLock = () => {
    writeFileSync(lock, "");
    utimesSync(lock, 0, 0);
  };
  const add = (name: string) =>
    settings.changeConfig(({ profiles }) => ({ profiles: { ...profiles, [name]: { url: KEY.url } } }));
  leaveLock();
  await Promise.all(["a", "b", "c", "d"].map(add));
  assert.deepEqual(Object.keys(settings.config().profiles).sort(), ["a", "b", "c", "d"]);
  assert.deepEqual(readdirSync(folder), ["config.json"]);
  await settings.changeConfig((config) => {
    rmSync(lock);
    leaveLock(); // another process took over
    return config;
  });
  assert.deepEqual(readdirSync(folder).sort(), ["config.json", "config.json.lock"]);
  const { ino, mtimeNs } = statSync(lock, { bigint: true });
  const permit = `${lock}.${ino}-${mtimeNs}`;
  writeFileSync(permit, ""); // another process is removing it
  const waiting = add("e"); // has tried once when this returns
  assert.ok(existsSync(lock));
  rmSync(permit);
  await waiting;
  assert.deepEqual(readdirSync(folder), ["config.json"]);
});

test("a linked file stays a link", async (t) => {
  const folder = newFolder(t);
  const kept = path.join(newFolder(t), "mine.json");
  writeFileSync(kept, "{}", { mode: 0o600 });
  symlinkSync(kept, path.join(folder, "credentials.json"));
  await settingsIn(folder).changeCredentials((all) => ({ ...all, listeners: { [listenerKey("u", "n")]: "whsec_x" } }));
  assert.equal(JSON.parse(readFileSync(kept, "utf8")).listeners["u n"], "whsec_x");
});

test("credentials that others can read are refused, with the command that fixes it", async (t) => {
  const folder = path.join(newFolder(t), "my settings");
  mkdirSync(folder);
  const settings = settingsIn(folder);
  await settings.changeCredentials((all) => ({ ...all, profiles: { a: KEY } }));
  for (const mode of [0o640, 0o604, 0o620]) {
    chmodSync(settings.credentialsFile, mode);
    const message = `Other users can read ${settings.credentialsFile}, so it is not used. Run: chmod 600 '${settings.credentialsFile}'`;
    assert.throws(() => settings.credentials(), { exit: 6, message });
    await assert.rejects(
      settings.changeCredentials((all) => all),
      { exit: 6 },
    );
  }
  const onWindows = new Settings({ SIGNALBOX_CONFIG: folder }, "win32");
  assert.deepEqual(onWindows.credentials().profiles.a, KEY);
});

const BROKEN = [
  "",
  "{",
  "[]",
  '{"profiles": []}',
  '{"profiles": {"a": 1}}',
  '{"profiles": {"__proto__": {}}}',
  '{"profiles": {"a": {"url": 1, "api_key": "sb_live_0a"}}}',
];

for (const text of BROKEN) {
  test(`a broken file is named, without its text: ${text}`, (t) => {
    const settings = settingsIn(newFolder(t));
    for (const file of [settings.configFile, settings.credentialsFile]) writeFileSync(file, text, { mode: 0o600 });
    for (const read of [() => settings.config(), () => settings.credentials()])
      assert.throws(read, {
        exit: 1,
        message: /^\/.*\.json (?!.*sb_live).*Fix the file, or delete it and sign in again\.$/,
      });
  });
}

test("a profile's name is a word", () => {
  for (const name of ["default", "prod-1", "a.b"]) assert.ok(isProfileName(name));
  for (const name of ["", "-x", "a b", "constructor", "__proto__", "x".repeat(64)]) assert.ok(!isProfileName(name));
});

test("the project is the nearest folder above that has the file", (t) => {
  const folder = newFolder(t);
  const deep = path.join(folder, "a/b");
  mkdirSync(deep, { recursive: true });
  assert.equal(findProject(deep), null);
  const file = path.join(folder, ".signalbox.json");
  writeFileSync(file, '{"url": "https://a.example", "forwards": {"order.*": "http://localhost:3000"}}');
  const forwards = { "order.*": "http://localhost:3000" };
  assert.deepEqual(findProject(deep), { file, url: "https://a.example", forwards });
  writeFileSync(path.join(folder, "a/.signalbox.json"), "{");
  assert.throws(() => findProject(deep), { exit: 1, message: /a\/\.signalbox\.json is not valid JSON\.$/ });
});

test("a place that cannot hold the settings is a failure that names it", async (t) => {
  const folder = newFolder(t);
  const settings = settingsIn(folder);
  symlinkSync("credentials.json", settings.credentialsFile); // a link to itself
  assert.throws(() => settings.credentials(), { code: "SETTINGS_UNREADABLE", message: /credentials\.json .*ELOOP/ });
  writeFileSync(path.join(folder, "file"), "");
  const below = settingsIn(path.join(folder, "file"));
  await assert.rejects(
    below.changeConfig((config) => config),
    { code: "SETTINGS_UNWRITABLE", message: /file cannot be written/ },
  );
});

test("what is no file of settings is refused at once: a pipe, a folder, a device and a huge file", (t) => {
  const folder = newFolder(t);
  const file = path.join(folder, "config.json");
  const settings = new Settings({ SIGNALBOX_CONFIG: folder }, "linux");
  const makers: readonly (readonly [() => unknown, RegExp])[] = [
    [() => execFileSync("sh", ["-c", 'mkfifo -m 600 "$0"', file]), /config\.json is not a regular file\. Fix the file/],
    [() => mkdirSync(file), /is not a regular file/],
    [() => symlinkSync("/dev/zero", file), /is not a regular file/],
    [() => writeFileSync(file, " ".repeat(1024 * 1024 + 1)), /is over 1 MB/],
  ];
  for (const [make, message] of makers) {
    make();
    assert.throws(() => settings.config(), { code: "SETTINGS_INVALID", message });
    rmSync(file, { recursive: true });
  }
});

test("a link to a file that does not exist yet stays a link", async (t) => {
  const folder = newFolder(t);
  symlinkSync("elsewhere.json", path.join(folder, "config.json"));
  await new Settings({ SIGNALBOX_CONFIG: folder }, "linux").changeConfig(() => ({ profiles: {} }));
  assert.equal(readlinkSync(path.join(folder, "config.json")), "elsewhere.json");
  assert.equal(JSON.parse(readFileSync(path.join(folder, "elsewhere.json"), "utf8")).profiles !== undefined, true);
});
