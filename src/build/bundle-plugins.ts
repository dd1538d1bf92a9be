import type { Loader, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { INTERFACE_PATTERN, interfaceProblem } from "./host-interfaces.ts";
import { compiledModule, guestModule, SDK_MODULE, sdkModule } from "./runtime-modules.ts";

/** Resolves `tenon` to the SDK that the guest runtime uses, wherever the project has its own. */
export const sdkPlugin: Plugin = {
  name: "tenon-sdk",
  setup(build) {
    build.onResolve({ filter: /^tenon(\/|$)/ }, ({ path }) =>
      path === "tenon"
        ? { path: SDK_MODULE, sideEffects: false }
        : { errors: [{ text: `"${path}" is not for components`, detail: { hint: 'Import from "tenon"' } }] },
    );
  },
};

/** Leaves the checks of definitions out: what is built has passed them. */
export const checkedPlugin: Plugin = {
  name: "tenon-checked",
  setup(build) {
    build.onLoad({ filter: /[/\\]sdk[/\\]check-definition\.[jt]s$/ }, ({ path }) =>
      [sdkModule("check-definition"), compiledModule("sdk", "check-definition")].includes(path)
        ? {
            contents:
              "export const checkProvider = () => {}, checkMiddleware = checkProvider, checkAuthentication = checkProvider;",
            loader: "js",
          }
        : undefined,
    );
  },
};

/** Resolves `tenon` and `tenon-guest/<module>` to what is compiled, in place of {@link sdkPlugin} and {@link guestPlugin}. */
export const compiledRuntimePlugin: Plugin = {
  name: "tenon-compiled-runtime",
  setup(build) {
    build.onResolve({ filter: /^tenon$/ }, () => ({
      path: compiledModule("sdk", "index"),
      sideEffects: false,
    }));
    build.onResolve({ filter: /^tenon-guest\// }, ({ path }) => ({
      path: compiledModule("guest", path.slice("tenon-guest/".length)),
    }));
  },
};

/** Leaves modules out that cannot be found, to learn the rest about a bundle. */
export function leaveOutPlugin(paths: readonly string[]): Plugin {
  return {
    name: "tenon-leave-out",
    setup(build) {
      build.onResolve({ filter: /.*/ }, ({ path }) =>
        paths.includes(path) ? { path, external: true } : undefined,
      );
    },
  };
}

/** Leaves the SDK and zod out, where what the rest uses is of interest. */
export const ownCodePlugin: Plugin = {
  name: "tenon-own-code",
  setup(build) {
    build.onResolve({ filter: /^(?:tenon$|zod(?:$|\/))/ }, ({ path }) => ({
      path,
      external: true,
      sideEffects: false,
    }));
  },
};

/** Puts a bundle of the author's modules in the place of the one it was made of. */
export function entryPlugin(entry: string, { code, sourceMap }: { code: string; sourceMap: string }): Plugin {
  const map = Buffer.from(sourceMap).toString("base64");
  return {
    name: "tenon-entry",
    setup(build) {
      build.onLoad({ filter: /.*/ }, ({ path, namespace }) =>
        path === entry && namespace === "file"
          ? {
              contents: `${code}\n//# sourceMappingURL=data:application/json;base64,${map}`,
              loader: "js",
            }
          : undefined,
      );
    },
  };
}

function onInterface(build: PluginBuild, resolve: (path: string) => OnResolveResult): void {
  // Modules of Node such as `node:fs/promises` only look like interfaces.
  build.onResolve({ filter: INTERFACE_PATTERN }, ({ path }) =>
    path.startsWith("node:") ? undefined : resolve(path),
  );
}

/** Leaves imports of host interfaces in the bundle, for the engine to bind. */
export const hostPlugin: Plugin = {
  name: "tenon-host",
  setup(build) {
    onInterface(build, (path) => {
      const problem = interfaceProblem(path);
      if (problem !== undefined) return { errors: [{ text: `Cannot import "${path}": ${problem}` }] };
      return { path, external: true, sideEffects: false };
    });
  },
};

/** Leaves every import of a WIT interface in the bundle: an adapter's world is its own. */
export const anyInterfacePlugin: Plugin = {
  name: "tenon-any-interface",
  setup(build) {
    onInterface(build, (path) => ({ path, external: true, sideEffects: false }));
  },
};

/** Stands in for host interfaces while the build loads a module: they exist, and calling them is an error. */
export const hostStubPlugin: Plugin = {
  name: "tenon-host-stub",
  setup(build) {
    onInterface(build, (path) => {
      const problem = interfaceProblem(path);
      if (problem !== undefined) return { errors: [{ text: `Cannot import "${path}": ${problem}` }] };
      return { path, namespace: "tenon-host-stub" };
    });
    build.onLoad({ filter: /.*/, namespace: "tenon-host-stub" }, ({ path }) => ({
      // Named imports of a CommonJS module are looked up along the prototype chain, whatever their names are.
      contents: `module.exports = Object.create(new Proxy({}, {
        get: (_, name) => name === "__esModule" ? true : () => {
          throw new Error("${path}#" + String(name) + " cannot be called while the module is loaded");
        },
      }));`,
      loader: "js",
    }));
  },
};

const NAMED_ZOD_IMPORT = /^([ \t]*import\s+)\{\s*z\s*\}(\s+from\s+(["'])zod(?:\/v4|\/mini|\/v4\/mini)?\3)/gm;

const LOADERS: Readonly<Record<string, Loader>> = {
  ".js": "js",
  ".mjs": "js",
  ".cjs": "js",
  ".jsx": "jsx",
  ".ts": "ts",
  ".mts": "ts",
  ".cts": "ts",
  ".tsx": "tsx",
};

/**
 * Keeps zod small. `import { z }` takes the whole library, since a namespace that is re-exported cannot be shaken, so
 * it is read as `import * as z`; and the texts in 50 languages other than English are left out, unless a module
 * imports one by itself (`zod/v4/locales/de.js`).
 */
export const zodPlugin: Plugin = {
  name: "tenon-zod",
  setup(build) {
    build.onResolve({ filter: /[/]locales[/]index\.c?js$/ }, ({ importer }) =>
      /[/\\]zod[/\\]/.test(importer) ? { path: "locales", namespace: "tenon-empty" } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: "tenon-empty" }, () => ({
      contents: "export {};",
      loader: "js",
    }));
    build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path, namespace }) => {
      if (namespace !== "file" || /[/\\]node_modules[/\\]/.test(path)) return undefined;
      const source = await readFile(path, "utf8");
      const contents = source.replaceAll(NAMED_ZOD_IMPORT, "$1* as z$2");
      return contents === source ? undefined : { contents, loader: LOADERS[extname(path)] ?? "ts" };
    });
  },
};

const ZOD_CONVERSION = /[/\\]zod[/\\]v4[/\\]core[/\\](?:to-json-schema|json-schema-processors)\.js$/;
const CONVERSION_FUNCTION = /^export const (\w+Processor) = /gm;
/** It makes a method of every schema. */
const CONVERSION_METHOD = /^export const (create\w*JSONSchemaMethod) = /gm;

/**
 * Leaves zod's conversion to JSON Schema out of components, which every schema of zod refers to: only the build converts.
 * What is replaced is then used by nothing, so that the bundler drops it.
 */
export const zodConversionPlugin: Plugin = {
  name: "tenon-zod-conversion",
  setup(build) {
    build.onLoad({ filter: ZOD_CONVERSION }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const replaced = source
        .replaceAll(CONVERSION_FUNCTION, "export const $1 = absent;\nconst unused_$1 = ")
        .replaceAll(CONVERSION_METHOD, "export const $1 = () => absent;\nconst unused_$1 = ");
      const absent =
        'function absent() { throw new Error("Components cannot turn schemas into JSON Schema"); }';
      return { contents: `${replaced}\n${absent}`, loader: "js" };
    });
  },
};

/** What turns schemas into JSON Schema: the module it is in, by the name that generated entries import it by. */
const CONVERTERS: Readonly<Record<string, string>> = {
  "tenon-project-zod": "zod/v4/core",
  "tenon-project-valibot": "@valibot/to-json-schema",
};

/** Gives generated entries what the project has to describe its schemas with; nothing where it has none. */
export function convertersPlugin(folder: string): Plugin {
  return {
    name: "tenon-converters",
    setup(build) {
      build.onResolve({ filter: /^tenon-project-/ }, async ({ path }) => {
        const found = await build.resolve(CONVERTERS[path]!, {
          kind: "import-statement",
          resolveDir: folder,
        });
        return found.errors.length === 0 ? found : { path, namespace: "tenon-empty" };
      });
    },
  };
}

/** Resolves `tenon-guest/<module>` in generated entries. */
export const guestPlugin: Plugin = {
  name: "tenon-guest",
  setup(build) {
    build.onResolve({ filter: /^tenon-guest\// }, ({ path }) => ({
      path: guestModule(path.slice("tenon-guest/".length)),
    }));
  },
};
