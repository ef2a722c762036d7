// Compiles a job module and all it imports into one file, which is what the cluster runs.

import { createHash } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import type { BuildResult, Metafile, OutputFile, Plugin } from "esbuild";
import { assert, EngineError } from "../../proto/errors.ts";
import { bundleBytesMax } from "../../proto/limits.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import { bundleFailure, entryName, isBuildFailure } from "./bundle-errors.ts";
import { decidingPaths, KeptBundles } from "./bundle-kept.ts";
import { inlineMapComment } from "./bundle-map.ts";

export interface BundledJob {
  readonly code: Uint8Array;
  readonly sha256: string;
  /** The job module itself, absolute and without symbolic links. */
  readonly modulePath: string;
}

export interface BundleOptions {
  /** The built file that `import … from "millrace"` means inside a job module. */
  readonly jobRuntime: string;
  /** Of a process that may ask for the same job again: what it compiles is kept until something changes. */
  readonly clock?: Pick<Clock, "wallMs">;
}

/** Shaped like a path of a library, so that no error is taken to arise in the user's own code there. */
const runtimeName = "millrace/sdk/job.mjs";
const runtimeNamespace = "runtime";
/** As the compiler tells it in its maps. */
const runtimeSource = `${runtimeNamespace}:${runtimeName}`;

const scriptExtensions: readonly string[] = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"];

/** CommonJS packages inside an ESM bundle call `require` for Node's own modules. */
const requireBanner =
  'import { createRequire as createJobRequire } from "node:module"; ' +
  "const require = createJobRequire(import.meta.url);";

function entryText(fileName: string): string {
  return (
    `import job from ${JSON.stringify(`./${fileName}`)};\n` +
    'import { createBundle } from "millrace";\n' +
    "export const { describe, parseFlags, checkParams, drive, replay } = createBundle(job);\n" +
    // For the check that it is a job at all.
    "export { job };\n"
  );
}

/** The runtime's own map would name each of our files in every job. */
function withoutMap(code: string): string {
  return code.replace(/^\/\/# sourceMappingURL=.*$/m, "");
}

/** `millrace` is the runtime, whatever lies in the node_modules around the job. */
function runtimePlugin(jobRuntime: string): Plugin {
  return {
    name: "millrace-runtime",
    setup: (host) => {
      host.onResolve({ filter: /^millrace$/ }, () => ({
        path: runtimeName,
        namespace: runtimeNamespace,
      }));
      // Parts of the package that are built on the runtime; what they need beside it stands around them.
      host.onResolve({ filter: /^millrace\/postgres$/ }, () => ({
        path: join(dirname(jobRuntime), "postgres/index.mjs"),
      }));
      host.onLoad({ filter: /.*/, namespace: runtimeNamespace }, async () => ({
        contents: withoutMap(await readFile(jobRuntime, "utf8")),
        loader: "js",
      }));
    },
  };
}

/** Machine code of one platform cannot travel to the others. */
const nativePlugin: Plugin = {
  name: "millrace-native",
  setup: (host) => {
    host.onLoad({ filter: /\.node$/ }, ({ path }) => ({
      errors: [
        {
          text:
            `${basename(path)} is a native addon, which cannot be part of a job; ` +
            "use a package of plain JavaScript",
        },
      ],
    }));
  },
};

/** At once: a way to another thread and back takes longer than the look, and what is kept needs no more than it. */
function findModule(given: string): string {
  let real: string;
  let isFile: boolean;
  try {
    real = realpathSync.native(given);
    isFile = statSync(real).isFile();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError(
      "JOB_MODULE_NOT_FOUND",
      `there is no job module at ${given}: ${why}`,
      {},
      cause,
    );
  }
  if (!isFile) {
    const message = `${given} is a folder; name the job's module in it, such as ${given}/job.ts`;
    throw new EngineError("JOB_MODULE_NOT_FOUND", message);
  }
  if (!scriptExtensions.includes(extname(real))) {
    const message = `${given} is no module: its name must end in ${scriptExtensions.join(", ")}`;
    throw new EngineError("JOB_MODULE_SYNTAX", message);
  }
  return real;
}

interface Compiled {
  readonly outputs: readonly OutputFile[];
  readonly metafile: Metafile;
}

async function compile(modulePath: string, jobRuntime: string): Promise<Compiled> {
  const folder = dirname(modulePath);
  // Late: commands that compile nothing start without it.
  const { build } = await import("esbuild");
  let result: BuildResult<{ write: false; metafile: true }>;
  try {
    result = await build({
      stdin: {
        contents: entryText(basename(modulePath)),
        resolveDir: folder,
        sourcefile: entryName,
        loader: "js",
      },
      // Everything in the result is named from here, so that equal sources give equal bytes anywhere.
      absWorkingDir: folder,
      outfile: "job.mjs",
      write: false,
      bundle: true,
      format: "esm",
      platform: "node",
      target: "node20",
      minifyWhitespace: true,
      minifySyntax: true,
      // A line of reasonable length keeps the positions in it small.
      lineLimit: 1000,
      charset: "utf8",
      legalComments: "none",
      sourcemap: "external",
      sourcesContent: false,
      metafile: true,
      tsconfigRaw: {},
      banner: { js: requireBanner },
      plugins: [runtimePlugin(jobRuntime), nativePlugin],
      logLevel: "silent",
    });
  } catch (thrown) {
    if (isBuildFailure(thrown)) throw bundleFailure(thrown, modulePath, runtimeName);
    throw thrown;
  }
  return { outputs: result.outputFiles, metafile: result.metafile };
}

function outputNamed(outputs: readonly OutputFile[], extension: string): string {
  const output = outputs.find((candidate) => candidate.path.endsWith(extension));
  assert(output !== undefined, `the compiler made no file that ends in ${extension}`);
  return output.text;
}

function bundleOf(modulePath: string, outputs: readonly OutputFile[]): BundledJob {
  const map = inlineMapComment(outputNamed(outputs, ".mjs.map"), {
    source: runtimeSource,
    name: runtimeName,
  });
  const code = Buffer.from(`${outputNamed(outputs, "job.mjs")}${map}`, "utf8");
  if (code.length > bundleBytesMax) {
    throw new EngineError(
      "LIMIT_EXCEEDED",
      `${modulePath} compiles to ${code.length} bytes with all it imports, and a job has at most ` +
        `${bundleBytesMax}; import less, or read large data from files`,
      { limitBytes: bundleBytesMax, peakBytes: code.length },
    );
  }
  return { code, sha256: createHash("sha256").update(code).digest("hex"), modulePath };
}

const kept = new KeptBundles<BundledJob>();

/**
 * Compiles the module at a path, or answers what is kept of it. The same sources give the same bytes, wherever they
 * lie. Throws JOB_MODULE_NOT_FOUND, JOB_MODULE_SYNTAX, JOB_MODULE_NO_DEFAULT, LIMIT_EXCEEDED.
 */
export async function bundleJob(
  path: string,
  { jobRuntime, clock }: BundleOptions,
): Promise<BundledJob> {
  const modulePath = findModule(path);
  const key = JSON.stringify([modulePath, jobRuntime]);
  const before = clock === undefined ? undefined : kept.find(key);
  if (before !== undefined) return before;
  const startedWallMs = clock?.wallMs();
  const { outputs, metafile } = await compile(modulePath, jobRuntime);
  const job = bundleOf(modulePath, outputs);
  if (startedWallMs === undefined) return job;
  const paths = decidingPaths(metafile, dirname(modulePath), [runtimeSource, entryName]);
  if (paths !== undefined) kept.keep(key, job, [...paths, jobRuntime], startedWallMs);
  return job;
}
