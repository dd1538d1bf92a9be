// npm leaves optional packages out of package-lock.json when the registry at hand does not have them, such as a native
// binding for a platform nobody here uses, and `npm ci` then refuses the file as incomplete. This adds an entry for each,
// which says for which platform it is, so that it is passed over everywhere else. Run it after `npm install`:
//   node scripts/complete-lockfile.mjs [package-lock.json ...]
import { readFileSync, writeFileSync } from "node:fs";

const OS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const CPU = ["arm64", "arm", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "wasm32", "x64"];
const LIBC = { gnu: "glibc", gnueabihf: "glibc", musl: "musl", musleabihf: "musl" };

const files = process.argv.slice(2);
for (const file of files.length > 0 ? files : ["package-lock.json"]) complete(file);

function complete(file) {
  const lock = JSON.parse(readFileSync(file, "utf8"));
  const added = [];
  for (const [path, parent] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
      const found = findEntry(lock.packages, path, name);
      if (found && (found.version === version || !/^\d/.test(version))) continue;
      const folder = found ? `${path}/` : "";
      lock.packages[`${folder}node_modules/${name}`] = entry(name, version, parent);
      added.push(`${name}@${version}`);
    }
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = Object.fromEntries(sorted);
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
  process.stdout.write(`${file}: ${added.length} added${added.map((each) => `\n  ${each}`).join("")}\n`);
}

/** The entry that Node's module resolution would find from `path`. */
function findEntry(packages, path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const found = packages[`${at === "" ? "" : `${at}/`}node_modules/${name}`];
    if (found || at === "") return found;
  }
}

function entry(name, version, parent) {
  const words = name.split(/[/-]/);
  const os = OS.find((each) => words.includes(each));
  const cpu = CPU.find((each) => words.includes(each) || words.includes(`${each}le`));
  const libc = Object.keys(LIBC).find((each) => words.includes(each));
  if (!/^\d+\.\d+\.\d+/.test(version) || (!os && cpu !== "wasm32")) {
    throw new Error(`${name}@${version} is not a binding for one platform`);
  }
  return {
    version,
    ...(cpu && { cpu: [cpu] }),
    ...(parent.dev && { dev: true }),
    ...(libc && os === "linux" && { libc: [LIBC[libc]] }),
    optional: true,
    ...(os && { os: [os] }),
  };
}
