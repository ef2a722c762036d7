// What `import … from "millrace"` means inside a compiled job: the definition, and the runtime around it.

/** For the entry that the bundler puts before a job module. */
export { createBundle } from "./driver/create-bundle.ts";
export * from "./surface.ts";
