// Turns inline base64 into a WebAssembly instance; each module is compiled once per thread.

/** The part of WebAssembly we use: the library types of ES2023 do not name it. */
interface WebAssemblyGlobal {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}

const compiled = new Map<string, object>();

/** A fresh instance, with its own memory. `Exports` is what the module's source exports. */
export function instantiate<Exports>(wasmBase64: string): Exports {
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyGlobal })
    .WebAssembly;
  let module = compiled.get(wasmBase64);
  if (module === undefined) {
    module = new Module(Uint8Array.from(atob(wasmBase64), (char) => char.charCodeAt(0)));
    compiled.set(wasmBase64, module);
  }
  return new Instance(module, {}).exports as Exports;
}
