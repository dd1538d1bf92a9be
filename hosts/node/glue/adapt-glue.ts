import { createHash } from "node:crypto";

/** Transpiled code, and what of it is as jco wrote it. */
export interface AdaptedGlue {
  /** An ES module whose `instantiate` takes `Passages` as its fourth argument. */
  glue: string;
  /** Names of the pieces that were not exchanged, since they are not the texts that are known. */
  stock: string[];
}

/** Gives the text with one piece exchanged; nothing when it is not as it is known, or does not hold what the exchange needs. */
type Piece = (glue: string) => string | undefined;

const INSTANTIATE =
  "export function instantiate(getCoreModule, imports, instantiateCore = (module, importObject) => new WebAssembly.Instance(module, importObject)";

/** In this order: what follows `parameter` needs it. */
const PIECES: Record<string, Piece> = {
  log,
  marks,
  parameter: (glue) =>
    glue.includes(INSTANTIATE) ? glue.replace(INSTANTIATE, `${INSTANTIATE}, passages`) : undefined,
  views,
  texts,
  tasks,
  copies,
  accesses,
};

/**
 * Exchanges what costs most of the code that jco 0.15 writes by what does the same for a core in which nothing is asynchronous,
 * which is in `passages.ts`. What a later version writes differently stays as it is.
 */
export function adaptGlue(glue: string): AdaptedGlue {
  const stock: string[] = [];
  let text = glue;
  for (const [name, piece] of Object.entries(PIECES)) {
    const adapted = stock.includes("parameter") ? undefined : piece(text);
    if (adapted === undefined) stock.push(name);
    else text = adapted;
  }
  return { glue: text, stock };
}

/** What jco tells nobody: it asks for an environment variable at every step of every call before. */
function log(glue: string): string | undefined {
  const definition = /const _debugLog = \(\.\.\.args\) => \{[^}]*\}[^}]*\};/;
  return definition.test(glue) ? glue.replace(definition, "const _debugLog = () => {};") : undefined;
}

/** A byte order mark at the start of a text is part of it. */
function marks(glue: string): string | undefined {
  const decoder = "new TextDecoder()";
  return glue.includes(decoder)
    ? glue.replaceAll(decoder, 'new TextDecoder("utf-8", { ignoreBOM: true })')
    : undefined;
}

/** How jco reads texts and numbers: by a view of its own for each text, and one for all memories, made anew for each that is not the last one's. */
function views(glue: string): string | undefined {
  const definition =
    /let dv = new DataView\(new ArrayBuffer\(\)\);\s*const dataView = mem => dv\.buffer === mem\.buffer \? dv : dv = new DataView\(mem\.buffer\);/;
  const text = /\bTEXT_DECODER_UTF8\.decode\(new Uint8Array\((memory\d+)\.buffer, (ptr\d+), (len\d+)\)\)/g;
  return definition.test(glue)
    ? glue
        .replace(definition, "const { viewOf: dataView, textAt: _textAt } = passages.memories;")
        .replace(text, "_textAt($1, $2, $3)")
    : undefined;
}

/** How jco writes texts: it counts their bytes character by character. */
function texts(glue: string): string | undefined {
  return replaceFunction(
    glue,
    "_utf8AllocateAndEncode",
    "f720e7c7",
    "const { putText: _utf8AllocateAndEncode } = passages.memories;",
  );
}

/**
 * Functions that are exchanged: the first digits of the SHA-256 digest of the text, by lines without indentation, and what comes instead. Nothing where
 * only what waits would call them.
 */
const TASK_FUNCTIONS: readonly [name: string, digest: string, by: string][] = [
  [
    "createNewCurrentTask",
    "15943a3d",
    "const { ofImport: _taskOfImport, ofExport: _taskOfExport } = passages.tasks;",
  ],
  ["getCurrentTask", "21847d47", ""],
  ["_getGlobalCurrentTaskMeta", "1cd0896a", ""],
  ["_withGlobalCurrentTaskMeta", "73e369aa", ""],
  ["contextGet", "cf6a4210", ""],
  ["contextSet", "08cc2b85", ""],
];

/** Likewise, of cores that have such calls. */
const CALL_FUNCTIONS: typeof TASK_FUNCTIONS = [
  ["_lowerImportBackwardsCompat", "e086d82d", ""],
  ["_symmetricSyncGuestCallEnter", "02367627", "const _symmetricSyncGuestCallEnter = passages.calls.enter;"],
  ["_symmetricSyncGuestCallExit", "6a295552", "const _symmetricSyncGuestCallExit = passages.calls.exit;"],
];

/**
 * What jco may do for a core in which tasks are for nothing: calls of imports and of parts, copies, traps, and resources that pass from hand
 * to hand. A resource that one part lends another is given back to the task that lent it.
 */
const SYNC_TRAMPOLINES: readonly RegExp[] = [
  /^let trampoline\d+ = _trampoline\d+\.manuallyAsync \? new WebAssembly\.Suspending\(_suspendingImport\(\d+, _lowerImportBackwardsCompat\.bind\($/,
  /^const trampoline\d+ = _symmetricSyncGuestCall(?:Enter|Exit);$/,
  /^const trampoline\d+ = (?:rscTableCreateOwn\.bind\(null, handleTable\d+\)|resourceTransferOwn);$/,
  /^function trampoline\d+\((?:|handle|from_ptr, len, to_ptr)\) \{$/,
];
/**
 * What only calls that wait would use. Where Node has no such function each of these throws when an instance starts, and V8 parses all of the
 * code to say what is no function: with several parts that takes longer than everything else of a start.
 */
const PROMISING = /try \{\s*(\w+ = )WebAssembly\.promising\(([^;]+)\);\s*\} catch\(err\) \{\s*\1\2;\s*\}/g;
/**
 * Functions that each call makes for its tasks, and what is left of them. V8 optimizes those of each instance anew, which takes more processor
 * time than starting it.
 */
const CLOSURES: readonly [pattern: RegExp, by: string][] = [
  [
    /const hostProvided = true;\s*let parentTask;\s*let task;\s*let subtask;\s*const createTask = \(\) => \{\s*const results = createNewCurrentTask\(\{[^}]*callingWasmExport: false,\s*\}\);\s*task = results\[0\];\s*\};\s*taskCreation: \{\s*parentTask = getCurrentTask\(\s*\d+,\s*_getGlobalCurrentTaskMeta\(\d+\)\?\.taskID,\s*\)\?\.task;\s*if \(!parentTask\) \{\s*createTask\(\);\s*break taskCreation;\s*\}(?:(?!const started)[^])*(?=const started = task\.enterSync\(\);)/g,
    "const task = _taskOfImport;\n",
  ],
  [
    /const \[task, _wasm_call_currentTaskID\] = createNewCurrentTask\(\{[^}]*callingWasmExport: true,\s*\}\);/g,
    "const task = _taskOfExport;",
  ],
  [
    /_withGlobalCurrentTaskMeta\(\{\s*componentIdx: task\.componentIdx\(\),\s*taskID: task\.id\(\),\s*fn: \(\) => _trackHostOperation\(\(\) => ((?:(?!_trackHostOperation)[^])*?)\),\s*\}\)\s*;/g,
    "$1;",
  ],
  [
    /_withGlobalCurrentTaskMeta\(\{\s*taskID: task\.id\(\),\s*componentIdx: task\.componentIdx\(\),\s*fn: \(\) => (\w+\([\w, ]*\)),\s*\}\)/g,
    "$1",
  ],
  [
    /^( *)return _withGlobalCurrentTaskMeta\(\{\s*taskID: task\.id\(\),\s*componentIdx: task\.componentIdx\(\),\n( *)fn: \(\) => (\{\n[^]*?\n)\2\},\n\1\}\);$/gm,
    "$1$3$1}",
  ],
];
const CLOSURE = /createNewCurrentTask|const createTask = |: task\.(?:id|componentIdx)\(\),\s*fn: /;
const ASYNCHRONOUS = /\b(?:isAsync|isManualAsync|funcTypeIsAsync|async): true\b/;

function tasks(glue: string): string | undefined {
  const trampolines =
    glue.match(/^[ \t]*(?:(?:let|const) trampoline\d+ =|function trampoline\d+\().*$/gm) ?? [];
  if (!trampolines.every(isSynchronous) || ASYNCHRONOUS.test(glue)) return undefined;
  let text: string | undefined = glue;
  for (const [name, digest, by] of TASK_FUNCTIONS) text = text && replaceFunction(text, name, digest, by);
  for (const [name, digest, by] of CALL_FUNCTIONS) {
    if (text?.includes(`function ${name}(`)) text = replaceFunction(text, name, digest, by);
  }
  text = text?.replace(
    /\bcontext([GS]et)\.bind\(null, \{ slot: ([01]) \}\)/g,
    (_, kind: string, slot: string) => `passages.calls.${kind.toLowerCase()}${slot}`,
  );
  text = text?.replace(PROMISING, "$1$2;");
  for (const [pattern, by] of CLOSURES) text = text?.replace(pattern, by);
  text = text && hostCalls(text);
  return text && (/\bcontext[GS]et\b|WebAssembly\.promising/.test(text) || CLOSURE.test(text))
    ? undefined
    : text;
}

/**
 * A function of the host as parts import it: wrapped for a call that waits and for one that does not, with descriptions of its types in either.
 * Whether a part may leave is asked in front of both, which is what remains.
 */
const WRAPPED =
  /\blet (trampoline(\d+)) = _\1\.manuallyAsync \? new WebAssembly\.Suspending\(_suspendingImport\((\d+), _lowerImportBackwardsCompat\.bind\((\s*null,\s*\{\s*trampolineIdx: \2,\s*componentIdx: \3,(?:(?!importFn: )[^])*importFn: _\1,\s*\},\s*)\)\)\) : _lowerImportBackwardsCompat\.bind\(\4\);/g;

function hostCalls(glue: string): string | undefined {
  const parts = new Map<string, string>();
  const text = glue
    .replace(WRAPPED, (_, name: string, _at, part: string) => {
      parts.set(name, part);
      return `const ${name} = _${name};`;
    })
    .replace(/\bconst _(trampoline\d+) = function\([^)]*\) \{/g, (head, name: string) => {
      const part = parts.get(name);
      parts.delete(name);
      return part === undefined ? head : `${head} _checkMayLeave(${part});`;
    });
  return parts.size === 0 && !text.includes("_lowerImportBackwardsCompat.bind(") ? text : undefined;
}

function isSynchronous(line: string): boolean {
  return SYNC_TRAMPOLINES.some((known) => known.test(line.trim()));
}

/** The text with a function exchanged; nothing when there is none, or another. */
function replaceFunction(glue: string, name: string, digest: string, by: string): string | undefined {
  const start = new RegExp(`^([ \\t]*)function ${name}\\(`, "m").exec(glue);
  if (!start) return undefined;
  const last = `\n${start[1]}}\n`;
  const end = glue.indexOf(last, start.index) + last.length - 1;
  const lines = glue.slice(start.index, end).split("\n");
  const found = createHash("sha256")
    .update(lines.map((line) => line.trim()).join("\n"))
    .digest("hex");
  return found.startsWith(digest) ? glue.slice(0, start.index) + by + glue.slice(end) : undefined;
}

/** Copies of texts from one memory to another, each a function that makes two views. */
function copies(glue: string): string | undefined {
  const ends = new Map<string, string>();
  for (const [, name, to, from] of glue.matchAll(
    /function (trampoline\d+)\(from_ptr, len, to_ptr\) \{\s*new Uint8Array\((memory\d+)\.buffer, to_ptr, len\)\.set\(new Uint8Array\((memory\d+)\.buffer, from_ptr, len\)\);\s*\}/g,
  )) {
    ends.set(name!, `${from}, ${to}`);
  }
  let isKnown = true;
  const text = glue.replace(
    /('utf8-to-utf8 \(mem\d+ => mem\d+\)': )Object\.assign\((trampoline\d+), \{ _jcoMaySuspend: false \}\)/g,
    (_, key: string, name: string) => {
      isKnown &&= ends.has(name);
      return `${key}passages.copy(${ends.get(name)})`;
    },
  );
  return isKnown && !/'utf8-to-utf8[^']*': (?!passages\.)/.test(text) ? text : undefined;
}

/** How jco reads and writes a second memory where a module may have one alone, by the names of its imports. */
const ACCESSES: Record<string, string> = {
  I32Load: "(ptr, off) => new DataView(MEMORY.buffer).getInt32(ptr + off, true)",
  I32Load8U: "(ptr, off) => new DataView(MEMORY.buffer).getUint8(ptr + off, true)",
  I32Load16U: "(ptr, off) => new DataView(MEMORY.buffer).getUint16(ptr + off, true)",
  I32Store: "(ptr, val, offset) => { new DataView(MEMORY.buffer).setInt32(ptr + offset, val, true); }",
  I32Store8: "(ptr, val, offset) => { new DataView(MEMORY.buffer).setInt8(ptr + offset, val, true); }",
  I32Store16: "(ptr, val, offset) => { new DataView(MEMORY.buffer).setInt16(ptr + offset, val, true); }",
  MemorySize: "ptr => MEMORY.buffer.byteLength / 65536",
};

function accesses(glue: string): string | undefined {
  let isKnown = true;
  const text = glue.replace(
    /('mem\d+ (\w+)': )(\(?ptr.*(?:\{\n.*\n.*\})?),$/gm,
    (whole, key: string, kind: string, body: string) => {
      if (!Object.hasOwn(ACCESSES, kind)) return whole;
      const memory = /\((exports\d+(?:\.\w+|\['[^']+'\]))\.buffer|=> (exports\d+\.\w+)\.buffer/.exec(body);
      const of = memory?.[1] ?? memory?.[2];
      isKnown &&= of !== undefined && body.replace(/\s+/g, " ").replace(of, "MEMORY") === ACCESSES[kind];
      return `${key}passages.access(${of}).${kind},`;
    },
  );
  return isKnown ? text : undefined;
}
