import { createReadStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import {
  headPath,
  parseHead,
  verifyAuditLog,
  type Finding,
  type Head,
  type Verification,
} from "../../audit/index.ts";
import { nearest, ToolkitError } from "../../errors/index.ts";
import { parseArguments, usageError } from "../arguments.ts";
import { readAuditKey } from "../audit-key.ts";
import type { Command } from "../command.ts";
import { fileError } from "../files.ts";

const HELP = `Checks an audit log that "tenon serve --audit-log" has written.

Usage: tenon audit verify <file> [--key <source>] [--without-head] [--json]

      --key <source>    env:NAME or file:<path> with the key the log was written with
                        (default: TENON_AUDIT_KEY, else the chain is checked without a key)
      --without-head    check a copy without its <file>.head: lines missing at the end are not found then
      --json            print the result as JSON

Finds lines that were changed, removed, added or moved, and names each. What it can find with and without a key is in
docs/audit.md. Exits with 1 when something is wrong.

Examples:
  tenon audit verify audit.log
  tenon audit verify audit.log --key file:audit.key
  tenon audit verify audit.log --json | jq .findings
`;

/** `tenon audit`: what is to be done with audit logs. */
export const audit: Command = {
  help: HELP,
  async run([subcommand, ...argv]) {
    if (subcommand !== "verify") {
      const near = subcommand === undefined ? undefined : nearest(subcommand, ["verify"]);
      throw usageError(
        "audit",
        subcommand === undefined ? "it is not said what to do" : `there is no "tenon audit ${subcommand}"`,
        near === undefined ? undefined : `Did you mean "tenon audit ${near}"?`,
      );
    }
    const { positionals, values } = parseArguments("audit", argv, {
      key: { type: "string" },
      "without-head": { type: "boolean" },
      json: { type: "boolean" },
    });
    const [path, ...rest] = positionals;
    if (path === undefined) throw usageError("audit", "no file is given");
    if (rest.length > 0) throw usageError("audit", "more than one file is given");
    const key = await readAuditKey("audit", values.key as string | undefined);
    const file = await reading(path, () => open(path));
    // The head before the lines: a server that runs writes it after them.
    const head = values["without-head"] === true ? undefined : await readHead(path);
    const lines = createReadStream(path, { fd: file });
    const verified = await reading(path, () => verifyAuditLog(lines, { head, key }));
    const macs = !verified.keyed ? "none" : key === undefined ? "not checked" : "checked";
    if (values.json) process.stdout.write(`${JSON.stringify(asJson(verified, head, macs), null, 2)}\n`);
    const { findings, findingCount } = verified;
    if (findingCount === 0) {
      if (!values.json) process.stdout.write(summary(path, verified, head, macs));
      return 0;
    }
    throw new ToolkitError(
      `Cannot trust "${path}": ${findingCount === 1 ? "1 thing is" : `${findingCount} things are`} wrong`,
      {
        code: "ERR_AUDIT",
        details: [
          ...findings.map(findingText),
          ...(findingCount > findings.length ? [`and ${findingCount - findings.length} more`] : []),
        ],
        hint: "Compare it with a copy kept elsewhere, such as in the system that collects logs",
      },
    );
  },
};

async function readHead(path: string): Promise<Head> {
  const name = headPath(path);
  let text: string;
  try {
    text = await readFile(name, "latin1");
  } catch (error) {
    throw fileError(`Cannot read the head of audit log "${path}", "${name}"`, error, {
      hint: 'Without it nothing tells whether lines at the end are missing; "--without-head" checks the rest',
    });
  }
  const head = parseHead(text);
  if (head !== undefined) return head;
  throw new ToolkitError(`Cannot trust "${path}": its head file "${name}" is damaged`, { code: "ERR_AUDIT" });
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(`Cannot read audit log "${path}"`, error);
  }
}

function findingText({ line, problem }: Finding): string {
  return line === undefined ? problem : `line ${line}: ${problem}`;
}

function asJson(
  { lines, last, keyed, findings, findingCount, behindHead, cutOff }: Verification,
  head: Head | undefined,
  macs: string,
): object {
  return {
    ok: findingCount === 0,
    lines,
    last,
    keyed,
    macs,
    head: head === undefined ? "not checked" : head.closed ? "closed" : "open",
    linesBehindHead: behindHead,
    cutOffBytes: cutOff.length,
    findingCount,
    findings,
  };
}

function summary(
  path: string,
  { lines, last, behindHead, cutOff }: Verification,
  head: Head | undefined,
  macs: "checked" | "none" | "not checked",
): string {
  const texts = [`${path}: ${lines === 1 ? "1 line" : `${lines} lines`}, none changed, last ${last.hash}`];
  if (macs === "none")
    texts.push("written without a key: whoever could write both files could write them anew");
  if (macs === "not checked") texts.push("macs not checked: no key is given");
  if (head === undefined) texts.push("head not checked: lines at the end may be missing");
  if (behindHead > 0) {
    texts.push(`${behindHead} of them behind its head: the server writes, or died before it noted them`);
  }
  if (cutOff.length > 0) texts.push("its last line is not whole: the server writes, or died over it");
  return `${texts.join("\n  ")}\n`;
}
