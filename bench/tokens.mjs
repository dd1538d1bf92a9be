// What it costs to authenticate a caller by a signed token, for each algorithm, on the Node host.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose } from "tenon/compose";
import { createPool, loadCore } from "tenon/hosts/node";
import { issuerOf, KINDS } from "./issuer.mjs";
import { readyMade } from "./parts.mjs";

const CALLS = 20;

/** The first token of an instance, another one, and one that it knows; tokens of some 700 characters. */
export async function tokens({ rounds }) {
  const cacheDir = await mkdtemp(join(tmpdir(), "tenon-bench-"));
  const rows = [];
  try {
    for (const kind of KINDS) {
      const [, title] = kind;
      const { settings, token } = issuerOf(kind);
      const core = await loadCore(await authenticated(settings), { cacheDir });
      const taken = [];
      for (let round = 0; round < rounds; round++) taken.push(await once(core, token));
      rows.push([title, ...[0, 1, 2].map((i) => `${Math.min(...taken.map((row) => row[i])).toFixed(2)} ms`)]);
    }
  } finally {
    await rm(cacheDir, { recursive: true });
  }
  return {
    title: "Tokens: least CPU time of a call",
    head: ["algorithm", "first token", "another", "a known one"],
    rows,
  };
}

async function authenticated(settings) {
  const { bytes } = await compose({
    name: "bench",
    version: "1.0.0",
    access: "authenticated",
    providers: [{ as: "calculator", bytes: await readyMade("calculator") }],
    middleware: [{ as: "auth-jwt", bytes: await readyMade("auth-jwt"), settings }],
  });
  return bytes;
}

async function once(core, token) {
  const pool = await createPool(core, { workers: 1, patient: true, log: () => {} });
  const call = async (text) => {
    const deadline = Date.now() + 60_000;
    const context = {
      requestId: "bench",
      transport: "http",
      protocolVersion: "2026-07-28",
      receivedAt: Date.now(),
      deadline,
    };
    const params = JSON.stringify({ name: "add", arguments: { a: 1, b: 2 } });
    const request = { id: "1", method: "tools/call", target: "add", params };
    const before = process.cpuUsage();
    const result = await pool.handle(JSON.stringify(context), request, {
      deadline,
      ...(text && { authorization: `Bearer ${text}` }),
    });
    const { user, system } = process.cpuUsage(before);
    const refused = result.outcome?.tag !== "success";
    if (refused !== (text === undefined)) throw new Error(`The call gave ${JSON.stringify(result)}`);
    return (user + system) / 1000;
  };
  try {
    // The first call of an instance starts its runtime, whatever it asks.
    await call(undefined);
    const texts = Array.from({ length: CALLS }, () => token());
    const first = await call(texts[0]);
    const others = [];
    for (const text of texts.slice(1)) others.push(await call(text));
    const known = [];
    for (const text of texts) known.push(await call(text));
    return [first, Math.min(...others), Math.min(...known)];
  } finally {
    await pool.close();
  }
}
