// Runs the commands of the README's first screen exactly as written, and checks that what the README promises appears.
import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");
const [start, expected, test] = [...readme.matchAll(/^```(?:sh|text)\n([^]*?)^```$/gm)].map(([, body]) =>
  body.trim(),
);
if (!/^npm ci && npm start$/.test(start) || !/^npm ci && npm test$/.test(test)) {
  throw new Error("the README's first blocks are not its two commands and the output to expect");
}

await checkStart();
const { status } = spawnSync("bash", ["-c", test], { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);

/** Starts the server, runs the command it offers, and compares both with the README's output block. */
async function checkStart() {
  const server = spawn("bash", ["-c", start], {
    cwd: root,
    detached: true,
    env: { ...process.env, TENON_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const output = await untilOffered(server);
    const command = /^try: (.*)$/m.exec(output)?.[1];
    if (!command) throw new Error(`npm start offers no command to try:\n${output}`);
    const answer = spawnSync("bash", ["-c", command], { cwd: root, encoding: "utf8" });
    const seen = normalise(`${output}\n${answer.stdout}${answer.stderr}`);
    const absent = normalise(expected)
      .split("\n")
      .filter((line) => line !== "" && !seen.includes(line.replace(/^\$ /, "")));
    if (absent.length > 0)
      throw new Error(`the README promises\n${absent.join("\n")}\nbut this appeared:\n${seen}`);
    process.stdout.write(`npm start and its command print what the README says: ${answer.stdout}`);
  } finally {
    if (server.exitCode === null) process.kill(-Number(server.pid), "SIGTERM");
  }
}

function untilOffered(server) {
  return new Promise((resolve, reject) => {
    let output = "";
    const take = (text) => {
      output += text;
      if (/^try: .*\n/m.test(output) && output.includes("listening on")) resolve(output);
    };
    server.stdout.setEncoding("utf8").on("data", take);
    server.stderr.setEncoding("utf8").on("data", take);
    server.once("exit", (code) => reject(new Error(`npm start ended with ${code}:\n${output}`)));
  });
}

/** Ports, digests, sizes and times differ from machine to machine and release to release. */
function normalise(text) {
  return text
    .replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:PORT")
    .replaceAll(/sha256:[0-9a-f…]+/g, "sha256:DIGEST")
    .replaceAll(/[\d.]+ (?:MB|kB|ms|s)\b/g, "N");
}
