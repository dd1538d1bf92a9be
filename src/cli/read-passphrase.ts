import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { ToolkitError } from "../errors/index.ts";

/** The variable that holds the passphrase of a private key where nobody sits at a terminal. */
const VARIABLE = "TENON_KEY_PASSPHRASE";

/**
 * Reads the passphrase of a private key: from `TENON_KEY_PASSPHRASE` when that is set, else from the terminal, which does
 * not show it.
 *
 * @param key What the prompt and errors call the key, such as `private key "tenon.key"`.
 * @param fresh The key is new: the passphrase must not be empty, and is asked for twice.
 * @throws {@link ToolkitError} `ERR_CONFIG` when there is none to be had, or the two differ
 */
export async function readPassphrase(key: string, fresh = false): Promise<string> {
  const given = process.env[VARIABLE];
  const passphrase = given ?? (await ask(`Passphrase for the ${key}: `, key));
  if (!fresh) return passphrase;
  if (passphrase === "")
    throw passphraseError(key, "it is empty", "A key that lies about in a file needs one");
  if (given === undefined && (await ask("The same again: ", key)) !== passphrase) {
    throw passphraseError(key, "the two are not the same");
  }
  return passphrase;
}

async function ask(prompt: string, key: string): Promise<string> {
  const { stdin: input, stderr } = process;
  if (!input.isTTY) {
    throw passphraseError(key, "there is no terminal to ask at", `Set ${VARIABLE}`);
  }
  // The line editor echoes what is typed to its output: to one that goes nowhere.
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const editor = createInterface({ input, output, terminal: true, historySize: 0 });
  const interrupted = new Promise<never>((_resolve, reject) => {
    editor.on("SIGINT", () => reject(passphraseError(key, "it was not given")));
    editor.on("close", () => reject(passphraseError(key, "it was not given")));
  });
  try {
    const answer = editor.question("");
    // Not before the editor has the terminal, which would show what is typed until then.
    stderr.write(prompt);
    return await Promise.race([answer, interrupted]);
  } finally {
    editor.close();
    stderr.write("\n");
  }
}

function passphraseError(key: string, state: string, hint?: string): ToolkitError {
  return new ToolkitError(`Cannot read the passphrase of the ${key}: ${state}`, {
    code: "ERR_CONFIG",
    ...(hint !== undefined && { hint }),
  });
}
