// npm run bench -- --against: the same tools served by Tenon and by other toolkits, in one run.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { join } from "node:path";
import { measure } from "./cases.mjs";
import { keptIssuer } from "./issuer.mjs";
import { CALL, LIST, median } from "./load.mjs";
import { script } from "./server.mjs";

const PEERS = ["echo", "mcp-lite", "sdk-v2", "sdk-v1"];
const SUBJECTS = { tenon: "none", "tenon, full chain": "full" };
const SIZES = [1, 50];
const CONNECTIONS = 16;
const SOURCES = join(import.meta.dirname, "peers");
const FIGURES = join(import.meta.dirname, "figures.json");
/** A change of a ratio below this is noise on most machines, see docs/performance.md. */
const NOISE = 0.1;

/** What there is to say of each server, its ratios to each peer, and those of the committed figures; `record` writes new ones. */
export async function against({ seconds, rounds, record }) {
  const peers = installPeers();
  const { token } = keptIssuer();
  const headers = { authorization: `Bearer ${token()}` };
  const rows = [];
  const ratios = {};
  for (const tools of SIZES) {
    const env = { TOOLS: String(tools) };
    const servers = {};
    for (const [name, chain] of Object.entries(SUBJECTS)) {
      const launch = script("serve.mjs", { ...env, CHAIN: chain });
      // Without a chain it is sent what the others are.
      servers[name] = checked(
        tools,
        chain === "none" ? launch : async () => ({ ...(await launch()), headers }),
      );
    }
    for (const name of PEERS) servers[name] = checked(tools, script(join(peers, `${name}.mjs`), env));
    const results = await measure(
      servers,
      { call: CALL, list: LIST },
      { seconds, rounds, connections: CONNECTIONS },
    );
    for (const [name, result] of Object.entries(results))
      rows.push(serverRow(name, tools, result, results.echo));
    for (const subject of Object.keys(SUBJECTS)) {
      for (const peer of PEERS) {
        const ratio = (kind) => ratioOf(perSecond(results[subject], kind), perSecond(results[peer], kind));
        ratios[`${subject} / ${peer}, ${tools === 1 ? "1 tool" : `${tools} tools`}`] = {
          call: ratio("call"),
          list: ratio("list"),
        };
      }
    }
  }
  const recorded = existsSync(FIGURES) ? JSON.parse(readFileSync(FIGURES, "utf8")) : undefined;
  if (record) writeFileSync(FIGURES, `${JSON.stringify(figures(ratios, { seconds, rounds }), null, 2)}\n`);
  return [
    {
      title: `Tenon beside other toolkits, ${CONNECTIONS} connections`,
      head: [
        "server",
        "tools",
        ...["call", "list"].flatMap((kind) => [`${kind} req/s`, "/ echo", "p99 ms"]),
        "RSS MiB",
        "first answer",
      ],
      rows,
    },
    {
      title: `Requests per second, of those of each peer; then: ${recorded ? `${recorded.date}, Node ${recorded.node}, ${recorded.cpu}` : "not recorded yet"}`,
      head: ["ratio", ...["call", "list"].flatMap((kind) => [kind, "then", "change"])],
      rows: Object.entries(ratios).map(([name, ratio]) => changeRow(name, ratio, recorded?.ratios[name])),
    },
  ];
}

/** Checks one answer of each kind before the load: a wrong answer may be a fast one. */
function checked(tools, launch) {
  return async () => {
    const server = await launch();
    try {
      const { content } = await ask(server, CALL);
      if (content?.[0]?.text !== "5") throw new Error(`2 + 3 is ${JSON.stringify(content)}`);
      const { tools: listed } = await ask(server, LIST);
      if (listed?.length !== tools) throw new Error(`${listed?.length} tools are listed, not ${tools}`);
    } catch (cause) {
      await server.stop();
      throw new Error(`${server.url} answers wrongly: ${cause.message}; ${server.log()}`, { cause });
    }
    return server;
  };
}

async function ask({ url, headers }, body) {
  const fields = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    "mcp-protocol-version": "2025-06-18",
    ...headers,
  };
  const text = await (await fetch(url, { method: "POST", headers: fields, body })).text();
  const { result, error } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text);
  if (error) throw new Error(error.message);
  return result;
}

/** The servers with what they need, in a folder that is filled once for each version of them. */
function installPeers() {
  const lock = readFileSync(join(SOURCES, "package-lock.json"));
  const version = createHash("sha256").update(lock).digest("hex").slice(0, 16);
  const folder = join(import.meta.dirname, "..", "node_modules", ".cache", "tenon-peers", version);
  if (!existsSync(folder)) {
    const partial = `${folder}.${process.pid}`;
    cpSync(SOURCES, partial, { recursive: true });
    try {
      execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], {
        cwd: partial,
        stdio: ["ignore", 2, 2],
      });
      renameSync(partial, folder);
    } finally {
      rmSync(partial, { recursive: true, force: true });
    }
  }
  for (const name of PEERS) cpSync(join(SOURCES, `${name}.mjs`), join(folder, `${name}.mjs`));
  cpSync(join(SOURCES, "tools.mjs"), join(folder, "tools.mjs"));
  return folder;
}

function serverRow(name, tools, result, echo) {
  const cells = ["call", "list"].flatMap((kind) => [
    median(perSecond(result, kind)).toFixed(0),
    ratioOf(perSecond(result, kind), perSecond(echo, kind)).toFixed(3),
    median(result[kind].map(({ p99Ms }) => p99Ms)).toFixed(1),
  ]);
  const rss = median(result.list.map(({ rssMiB }) => rssMiB ?? Number.NaN));
  return [name, tools, ...cells, rss.toFixed(0), `${median(result.startMs).toFixed(0)} ms`];
}

function perSecond(result, kind) {
  return result[kind].map((load) => load.perSecond);
}

/** The median of the ratios within a round. */
function ratioOf(ours, theirs) {
  return median(ours.map((rate, round) => rate / theirs[round]));
}

function changeRow(name, now, then) {
  const cells = ["call", "list"].flatMap((kind) => {
    const before = then?.[kind];
    if (before === undefined) return [now[kind].toFixed(3), "n/a", ""];
    const change = now[kind] / before - 1;
    const percent = `${change < 0 ? "−" : "+"}${Math.abs(change * 100).toFixed(0)} %`;
    return [now[kind].toFixed(3), before.toFixed(3), Math.abs(change) < NOISE ? "about the same" : percent];
  });
  return [name, ...cells];
}

function figures(ratios, { seconds, rounds }) {
  const { dependencies } = JSON.parse(readFileSync(join(SOURCES, "package.json"), "utf8"));
  const { version } = JSON.parse(readFileSync(join(SOURCES, "..", "..", "package.json"), "utf8"));
  return {
    date: new Date().toISOString().slice(0, 10),
    tenon: version,
    node: process.versions.node,
    system: `${platform()} ${arch()}`,
    cpu: `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown"}`,
    rounds,
    seconds,
    connections: CONNECTIONS,
    peers: dependencies,
    ratios: Object.fromEntries(
      Object.entries(ratios).map(([name, { call, list }]) => [
        name,
        { call: rounded(call), list: rounded(list) },
      ]),
    ),
  };
}

function rounded(ratio) {
  return Number(ratio.toFixed(3));
}
