// Requests between processes: typed methods over gRPC in production, over virtual wires in a simulation.

/** Bytes in and out for one message type; what the generated code offers. */
export interface MessageCodec<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

export interface RpcMethod<Request, Response> {
  /** `/millrace.ClientApi/Submit` */
  readonly path: string;
  readonly request: MessageCodec<Request>;
  readonly response: MessageCodec<Response>;
}

export interface RpcCallOptions {
  readonly timeoutMs: number;
}

/** The client half. Rejects with EngineError; an unreachable peer is UNAVAILABLE, a late one DEADLINE. */
export interface RpcClient {
  call<Request, Response>(
    address: string,
    method: RpcMethod<Request, Response>,
    request: Request,
    options: RpcCallOptions,
  ): Promise<Response>;
  close(): void;
}

/** Who is calling, as established by the transport from the bearer token. */
export interface RpcCaller {
  readonly role: "client" | "node";
}

export type RpcHandler<Request, Response> = (
  request: Request,
  caller: RpcCaller,
) => Promise<Response>;

/** One method with its handler, ready for a server; `bind` keeps the pair typed. */
export interface RpcBinding {
  readonly method: RpcMethod<unknown, unknown>;
  readonly handler: RpcHandler<unknown, unknown>;
  /** Roles that may call it. */
  readonly roles: readonly RpcCaller["role"][];
}

export function bind<Request, Response>(
  method: RpcMethod<Request, Response>,
  roles: readonly RpcCaller["role"][],
  handler: RpcHandler<Request, Response>,
): RpcBinding {
  return {
    method: method as RpcMethod<unknown, unknown>,
    handler: handler as RpcHandler<unknown, unknown>,
    roles,
  };
}

export interface RpcServer {
  /** `host:port` as bound; port 0 in the request has been replaced by the real one. */
  readonly address: string;
  close(): Promise<void>;
}
