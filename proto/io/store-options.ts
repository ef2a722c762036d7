// Where an S3 store is and who asks: from explicit options, else from the usual environment
// variables.
import { EngineError } from "../errors.ts";

export interface S3Options {
  /** `http://host:port` or `https://host`; absent for Amazon S3. */
  readonly endpoint?: string;
  readonly accessKey?: string;
  readonly secretKey?: string;
  readonly sessionToken?: string;
  readonly region?: string;
  /**
   * `http://host/bucket/key` instead of `http://bucket.host/key`; the default wherever an endpoint
   * is given.
   */
  readonly pathStyle?: boolean;
}

/** Reads the variables that AWS tools and MinIO use; an empty one counts as absent. */
export function storeOptionsFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): S3Options {
  const first = (...names: readonly string[]) => names.map((name) => env[name]).find(Boolean);
  const endpoint = first("MILLRACE_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  // Key and secret are taken from the same family: a mixed pair could never be right.
  const amazon = first("AWS_ACCESS_KEY_ID") !== undefined;
  const accessKey = first(amazon ? "AWS_ACCESS_KEY_ID" : "MINIO_ROOT_USER");
  const secretKey = first(amazon ? "AWS_SECRET_ACCESS_KEY" : "MINIO_ROOT_PASSWORD");
  const sessionToken = amazon ? first("AWS_SESSION_TOKEN") : undefined;
  const region = first("AWS_REGION", "AWS_DEFAULT_REGION");
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKey === undefined ? {} : { accessKey }),
    ...(secretKey === undefined ? {} : { secretKey }),
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(region === undefined ? {} : { region }),
  };
}

/** Folder that drivers and workers alike reach, for rows on their way to `run`; undefined where none is set. */
export function scratchFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const uri = env.MILLRACE_SCRATCH;
  if (uri === undefined || uri === "") return undefined;
  if (/^(s3:\/\/.|file:\/\/\/)/.test(uri)) return uri.endsWith("/") ? uri : `${uri}/`;
  throw new EngineError(
    "USAGE",
    `MILLRACE_SCRATCH is '${uri}'; it names a folder as s3://bucket/folder/ or file:///folder/`,
  );
}

export interface S3Address {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  readonly pathStyle: boolean;
  readonly region: string | undefined;
  /** Amazon's own service, as against a compatible server. */
  readonly amazon: boolean;
}

export function s3Address(options: S3Options): S3Address {
  const url = endpointUrl(options.endpoint);
  const secure = url.protocol === "https:";
  const amazon = /(^|\.)amazonaws\.com(\.cn)?$/.test(url.hostname);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    secure,
    pathStyle: options.pathStyle ?? !amazon,
    region: options.region ?? (amazon ? undefined : "us-east-1"),
    amazon,
  };
}

function endpointUrl(endpoint: string | undefined): URL {
  const text = endpoint ?? "https://s3.amazonaws.com";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url !== undefined && url.username === "" && url.password === "";
  if (plain && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === "") {
    return url;
  }
  throw new EngineError(
    "USAGE",
    "the S3 endpoint has to be http://host:port or https://host, without path or credentials; " +
      "set it with MILLRACE_S3_ENDPOINT, and the credentials with AWS_ACCESS_KEY_ID and " +
      "AWS_SECRET_ACCESS_KEY",
  );
}
