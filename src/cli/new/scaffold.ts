import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { builtinModules } from "node:module";
import { basename, join, resolve } from "node:path";
import { displayPath, ToolkitError } from "../../errors/index.ts";
import { packageFile } from "../../package/index.ts";
import { dependencySpecs } from "./dependency-specs.ts";

/** What a new project can start from. */
export const TEMPLATES = ["tool", "middleware", "server"] as const;

export type Template = (typeof TEMPLATES)[number];

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const MAX_NAME = 64;

/**
 * Writes a new project into a folder that does not exist or is empty.
 *
 * @returns its name, which is that of the folder
 * @throws {@link ToolkitError} `ERR_USAGE` when the name cannot be a package's or a server's; `ERR_FILE` when the folder
 * has something in it or cannot be written, and then nothing of the project is left behind
 */
export async function scaffold(folder: string, template: Template): Promise<string> {
  const target = resolve(folder);
  const name = basename(target);
  const templates = ["shared", template].map((each) => packageFile("templates", each));
  const packageJson = await readPackage(join(templates[0]!, "package.json"));
  checkName(name, packageJson);
  const existed = await isEmptyFolder(target);
  try {
    await mkdir(target, { recursive: true });
    for (const source of templates) await cp(source, target, { recursive: true });
    // npm leaves files of this name out of packages.
    await rename(join(target, "gitignore"), join(target, ".gitignore"));
    await writeFile(join(target, "package.json"), `${JSON.stringify(named(packageJson, name), null, 2)}\n`);
    await replaceIn(join(target, "tenon.json"), '"name": "template"', `"name": "${name}"`);
    await replaceIn(join(target, "README.md"), "# template", `# ${name}`);
  } catch (error) {
    await removeProject(target, existed);
    throw new ToolkitError(`Cannot write project "${displayPath(target)}": ${(error as Error).message}`, {
      code: "ERR_FILE",
      cause: error,
    });
  }
  return name;
}

interface TemplatePackage {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

async function readPackage(path: string): Promise<TemplatePackage> {
  return JSON.parse(await readFile(path, "utf8")) as TemplatePackage;
}

function named(template: TemplatePackage, name: string): object {
  return {
    ...template,
    name,
    dependencies: dependencySpecs(Object.keys(template.dependencies)),
    devDependencies: dependencySpecs(Object.keys(template.devDependencies)),
  };
}

function checkName(name: string, { dependencies, devDependencies }: TemplatePackage): void {
  const fail = (state: string, hint: string): never => {
    throw new ToolkitError(`Cannot name a project "${name}": ${state}`, { code: "ERR_USAGE", hint });
  };
  if (!NAME.test(name) || name.length > MAX_NAME) {
    const suggestion = name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .slice(0, MAX_NAME)
      .replace(/^-|-$/g, "");
    fail(
      `a name has 1 to ${MAX_NAME} lower-case letters and digits, with single hyphens between them`,
      suggestion === "" ? 'Choose one such as "my-tool"' : `Write it as "${suggestion}"`,
    );
  }
  // npm refuses to install a package into one of the same name, and resolvers prefer modules of Node.
  if (name in dependencies || name in devDependencies)
    fail("it depends on a package of that name", `Try "my-${name}"`);
  if (builtinModules.includes(name)) fail("a module of Node has that name", `Try "my-${name}"`);
}

/** True for an empty folder, false for none; anything else is refused. */
async function isEmptyFolder(target: string): Promise<boolean> {
  let state: string;
  try {
    const entries = await readdir(target);
    if (entries.length === 0) return true;
    state = `it has ${entries.length === 1 ? "a file or folder" : `${entries.length} files or folders`} in it`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return false;
    state = code === "ENOTDIR" ? "there is a file of that name" : message;
  }
  throw new ToolkitError(`Cannot create project in "${displayPath(target)}": ${state}`, {
    code: "ERR_FILE",
    hint: "Name a folder that does not exist yet, or an empty one",
  });
}

async function replaceIn(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(path, "utf8");
  await writeFile(
    path,
    text.replace(from, () => to),
  );
}

/** The folder was empty or absent, so everything in it is the project's. */
async function removeProject(target: string, existed: boolean): Promise<void> {
  if (!existed) return await rm(target, { recursive: true, force: true });
  for (const entry of await readdir(target)) await rm(join(target, entry), { recursive: true, force: true });
}
