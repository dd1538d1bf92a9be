/** The part of the WebAssembly JavaScript interface used here; Node's types have only its names. */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBuffer;
  }
  interface Instance {
    readonly exports: Record<string, unknown>;
  }
  type Imports = Record<string, Record<string, unknown>>;
  const Memory: new (descriptor: { initial: number }) => Memory;
  const Instance: new (module: Module, imports: Imports) => Instance;
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;
  function instantiate(module: Module): Promise<{ readonly exports: Record<string, unknown> }>;
}
