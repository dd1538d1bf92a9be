/** The part of the WebAssembly JavaScript interface used here; Node's types have only its names. */
declare namespace WebAssembly {
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
  function compile(bytes: Uint8Array<ArrayBuffer>): Promise<Module>;
  function instantiate(module: Module): Promise<{ readonly exports: Record<string, unknown> }>;
}
