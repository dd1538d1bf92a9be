// What each mode of isolation costs a call, and whether any call learns of another credential: node bench/isolation.mjs [credentials] [calls]
import { compose } from "tenon/compose";
import { buildComponent } from "tenon/build";
import { createPool, ISOLATIONS, loadCore } from "tenon/hosts/node";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const [credentials = 200, calls = 500] = process.argv.slice(2).map(Number);
const folder = join(import.meta.dirname, "..", "dist", "bench");
const source = `import { defineTool, provider } from "tenon";
import * as z from "zod/mini";
const seen = [];
const remember = defineTool({
  name: "remember",
  description: "Keeps what it is given, and tells what it has kept of others",
  input: z.object({ canary: z.string() }),
  run: ({ canary }) => {
    const foreign = seen.some((each) => each !== canary);
    if (seen.length < 100) seen.push(canary);
    return foreign ? "foreign" : "own";
  },
});
export default provider({ name: "canaries", version: "1.0.0", tools: [remember] });
`;

await mkdir(folder, { recursive: true });
const entry = join(folder, "canaries.ts");
await writeFile(entry, source);
const { bytes } = await compose({
  name: "canaries",
  version: "1.0.0",
  access: "public",
  providers: [{ as: "canaries", bytes: (await buildComponent({ entry })).bytes }],
  middleware: [],
});
const core = await loadCore(bytes, { isolation: "process" });
console.log(
  "| isolation | calls | foreign | failed | one credential, ms a call | a new one each, ms a call | RSS, MB |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const isolation of ISOLATIONS) {
  // Each credential that changes costs a process there.
  const share = isolation === "process" ? 50 : 1;
  const pool = await createPool(core, { isolation, patient: true, log: () => {} });
  const results = { own: 0, foreign: 0, failed: 0 };
  const send = async (credential) => {
    const params = JSON.stringify({ name: "remember", arguments: { canary: credential } });
    const request = { id: "1", method: "tools/call", target: "remember", params };
    const call = { authorization: credential, deadline: Date.now() + 60_000 };
    const { outcome } = await pool.handle("{}", request, call);
    const text = outcome?.tag === "success" ? JSON.parse(outcome.val).content[0].text : "failed";
    results[text]++;
  };
  const time = async (count, credential) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) await send(credential(i));
    return ((performance.now() - start) / count).toFixed(2);
  };
  await time(50, () => "warm");
  const same = await time(500, () => "warm");
  const fresh = await time(Math.ceil(200 / share), (i) => `fresh-${i}`);
  const rest = Math.ceil((credentials * calls) / share);
  for (let i = 0; i < rest; i += 16) {
    await Promise.all(Array.from({ length: 16 }, (_, at) => send(`credential-${(i + at) % credentials}`)));
  }
  const rss = (process.memoryUsage().rss / 1e6).toFixed(0);
  console.log(
    `| ${isolation} | ${rest} | ${results.foreign} | ${results.failed} | ${same} | ${fresh} | ${rss} |`,
  );
  await pool.close();
}
