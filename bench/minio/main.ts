// `npm run minio`: a MinIO server to try jobs against; prints how to reach it and runs until
// Ctrl-C.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import yargs from "yargs";
import { hideBin } from "yargs/helpers";
import { writableFolder } from "../tooling/command-line.ts";
import { findMinio, startMinio } from "./server.ts";

const options = yargs(hideBin(process.argv))
  .scriptName("npm run minio --")
  .option("folder", {
    type: "string",
    describe: "keep data here (default: a new temporary folder)",
  })
  .option("bucket", { type: "string", default: "millrace", describe: "bucket to create" })
  .option("build", { type: "boolean", default: false, describe: "build MinIO with Go when absent" })
  .option("build-only", {
    type: "boolean",
    describe: "only see to it that there is a MinIO to run",
  })
  .strict()
  .parseSync();

async function buildOnly(): Promise<void> {
  const path = await findMinio({ build: true });
  process.stdout.write(`MinIO: ${path}\n`);
}

async function serve(): Promise<void> {
  const folder =
    options.folder === undefined
      ? mkdtempSync(`${tmpdir()}/millrace-minio-`)
      : writableFolder("folder", options.folder);
  const server = await startMinio({ folder, build: options.build });
  await server.makeBucket(options.bucket);
  const lines = [
    `# MinIO is running; its data is in ${folder}. Ctrl-C ends it.`,
    `# Use URIs like s3://${options.bucket}/folder/, in a shell where these are set:`,
    `export MILLRACE_S3_ENDPOINT=${server.endpoint}`,
    `export AWS_ACCESS_KEY_ID=${server.accessKey}`,
    `export AWS_SECRET_ACCESS_KEY=${server.secretKey}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void server.stop().then(() => process.exit(0));
    });
  }
}

try {
  await (options.buildOnly ? buildOnly() : serve());
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
