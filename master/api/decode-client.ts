// Requests of clients and drivers, checked and turned into commands.

import {
  actionResultBytesMax,
  bundleBytesMax,
  labelCharsMax,
  paramsBytesMax,
  uriCharsMax,
} from "../../proto/limits.ts";
import type * as wire from "../../proto/wire/generated/engine.ts";
import type { Command, JobFinish } from "../scheduler/commands.ts";
import { decodeErrorRecord } from "./decode-error.ts";
import { decodeGraph } from "./decode-graph.ts";
import { bytesOfText, integer, invalid, jobId, sha256, text, token } from "./fields.ts";

type Of<Kind extends Command["kind"]> = Extract<Command, { kind: Kind }>;

export function decodePutBundle(request: wire.PutBundleRequest): Of<"putBundle"> {
  const { code } = request;
  if (code.length === 0) invalid("code", "is empty");
  if (code.length > bundleBytesMax) {
    const problem = `has ${code.length} bytes; a bundle has at most ${bundleBytesMax}`;
    invalid("code", problem, "LIMIT_EXCEEDED");
  }
  const codeBase64 = Buffer.from(code.buffer, code.byteOffset, code.length).toString("base64");
  return { kind: "putBundle", sha256: sha256("sha256", request.sha256), codeBase64 };
}

export function decodeSubmit(request: wire.SubmitRequest): Of<"submitJob"> {
  return {
    kind: "submitJob",
    jobId: jobId("job_id", request.jobId),
    name: text("name", request.name, labelCharsMax),
    paramsJson: bytesOfText("params_json", request.paramsJson, paramsBytesMax),
    bundleSha256: sha256("bundle_sha256", request.bundleSha256),
    seed: integer("seed", request.seed, 0, 2 ** 32 - 1),
    submittedWallMs: integer(
      "submitted_wall_ms",
      request.submittedWallMs,
      0,
      Number.MAX_SAFE_INTEGER,
    ),
    workingFolder: text("working_folder", request.workingFolder, uriCharsMax),
    detached: request.detached,
  };
}

export function decodeStartAction(request: wire.StartActionRequest): Of<"startAction"> {
  return {
    kind: "startAction",
    jobId: jobId("job_id", request.jobId),
    driverToken: token("driver_token", request.driverToken),
    graph: decodeGraph(request.graphJson),
  };
}

export function decodeRenewDriver(request: wire.RenewDriverRequest): Of<"renewDriver"> {
  return {
    kind: "renewDriver",
    jobId: jobId("job_id", request.jobId),
    driverToken: token("driver_token", request.driverToken),
  };
}

export function decodeFinishJob(request: wire.FinishJobRequest): Of<"finishJob"> {
  return {
    kind: "finishJob",
    jobId: jobId("job_id", request.jobId),
    driverToken: token("driver_token", request.driverToken),
    end: decodeFinish(request),
  };
}

function decodeFinish({ resultJson, errorJson }: wire.FinishJobRequest): JobFinish {
  if ((resultJson === "") === (errorJson === "")) {
    invalid("result_json", "and error_json: exactly one of them must be set");
  }
  if (errorJson !== "") {
    return { kind: "failed", error: decodeErrorRecord("error_json", errorJson) };
  }
  bytesOfText("result_json", resultJson, actionResultBytesMax);
  return { kind: "succeeded", resultJson };
}

export function decodeCancelJob(request: wire.CancelJobRequest): Of<"cancelJob"> {
  return {
    kind: "cancelJob",
    jobId: jobId("job_id", request.jobId),
    reason: text("reason", request.reason, labelCharsMax),
  };
}
