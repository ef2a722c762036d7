// Calls typed methods over gRPC: one channel per address, quick to return after a peer's restart.

import {
  type ChannelOptions,
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { EngineError } from "../errors.ts";
import {
  rpcChannelsMax,
  rpcEnvelopeBytesMax,
  rpcKeepaliveMs,
  rpcKeepaliveTimeoutMs,
  rpcMessageBytesMax,
  rpcReconnectMsMax,
  rpcReconnectMsMin,
  rpcStreamedBytesMax,
} from "../limits/rpc.ts";
import type { MessageCodec, RpcClient } from "../ports/rpc.ts";
import { type CallStream, createCallStream } from "./grpc-call-stream.ts";
import { fromServiceError } from "./grpc-errors.ts";

export interface GrpcClientOptions {
  readonly token: string;
  readonly messageBytesMax?: number;
}

interface Channel {
  readonly client: Client;
  readonly stream: CallStream;
  inflight: number;
}

function channelOptions(messageBytesMax: number): ChannelOptions {
  return {
    "grpc.max_receive_message_length": messageBytesMax + rpcEnvelopeBytesMax,
    "grpc.max_send_message_length": messageBytesMax + rpcEnvelopeBytesMax,
    "grpc.initial_reconnect_backoff_ms": rpcReconnectMsMin,
    "grpc.max_reconnect_backoff_ms": rpcReconnectMsMax,
    // A restarted container keeps its name but not its address; the default is to look after 30 s.
    "grpc.dns_min_time_between_resolutions_ms": rpcReconnectMsMax,
    "grpc.keepalive_time_ms": rpcKeepaliveMs,
    "grpc.keepalive_timeout_ms": rpcKeepaliveTimeoutMs,
    "grpc.use_local_subchannel_pool": 1,
    "grpc.service_config_disable_resolution": 1,
    "grpc.enable_channelz": 0,
    // Calls go to the address they name, whatever the environment says about web proxies.
    "grpc.enable_http_proxy": 0,
  };
}

const sameBytes = (bytes: Buffer): Buffer => bytes;

function openChannel(address: string, metadata: Metadata, messageBytesMax: number): Channel {
  const client = new Client(address, credentials.createInsecure(), channelOptions(messageBytesMax));
  return { client, stream: createCallStream(client, address, metadata), inflight: 0 };
}

function closeChannel({ client, stream }: Channel): void {
  stream.close();
  client.close();
}

/** Open channels, least recently used first. */
function createChannels(metadata: Metadata, messageBytesMax: number) {
  const channels = new Map<string, Channel>();
  return {
    to: (address: string): Channel => {
      const channel = channels.get(address) ?? openChannel(address, metadata, messageBytesMax);
      channels.delete(address);
      channels.set(address, channel);
      for (const [oldAddress, old] of channels) {
        if (channels.size <= rpcChannelsMax) break;
        if (old.inflight > 0 || old === channel) continue;
        channels.delete(oldAddress);
        closeChannel(old);
      }
      return channel;
    },
    close: (): void => {
      for (const channel of channels.values()) closeChannel(channel);
      channels.clear();
    },
  };
}

function tooLarge(doing: string, what: string, { length }: Uint8Array, bytesMax: number) {
  return new EngineError(
    "LIMIT_EXCEEDED",
    `${doing}: the ${what} has ${length} bytes, at most ${bytesMax} are allowed`,
    { limitBytes: bytesMax, peakBytes: length },
  );
}

function decodeAnswer<Response>(
  codec: MessageCodec<Response>,
  bytes: Uint8Array,
  doing: string,
): Response {
  try {
    return codec.decode(bytes);
  } catch (thrown) {
    if (thrown instanceof EngineError) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    const what = `${doing}: the answer of ${bytes.length} bytes is malformed: ${why}`;
    throw new EngineError("MESSAGE_INVALID", what, {}, thrown);
  }
}

export function createGrpcClient(options: GrpcClientOptions): RpcClient {
  const messageBytesMax = options.messageBytesMax ?? rpcMessageBytesMax;
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${options.token}`);
  const channels = createChannels(metadata, messageBytesMax);
  const calls = new Set<ClientUnaryCall>();
  let isClosed = false;

  const sendAlone = (
    channel: Channel,
    path: string,
    doing: string,
    bytes: Uint8Array,
    ms: number,
  ) =>
    new Promise<Buffer>((resolve, reject) => {
      const done = (error: ServiceError | null, response?: Buffer): void => {
        calls.delete(call);
        if (error !== null) reject(fromServiceError(error, doing, ms));
        else if (response !== undefined) resolve(response);
        else reject(new EngineError("MESSAGE_INVALID", `${doing}: the peer sent no answer`));
      };
      const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const deadline = Date.now() + ms;
      const { client } = channel;
      const call = client.makeUnaryRequest(
        path,
        sameBytes,
        sameBytes,
        body,
        metadata,
        { deadline },
        done,
      );
      calls.add(call);
    });

  const send = async (address: string, path: string, bytes: Uint8Array, timeoutMs: number) => {
    const channel = channels.to(address);
    channel.inflight += 1;
    try {
      if (bytes.length <= rpcStreamedBytesMax) {
        return await channel.stream.call(path, bytes, timeoutMs);
      }
      return await sendAlone(channel, path, `${path} at ${address}`, bytes, timeoutMs);
    } finally {
      channel.inflight -= 1;
    }
  };

  return {
    call: async (address, method, request, { timeoutMs }) => {
      const doing = `${method.path} at ${address}`;
      if (isClosed) throw new EngineError("UNAVAILABLE", `${doing}: this client is closed`);
      const bytes = method.request.encode(request).finish();
      if (bytes.length > messageBytesMax) throw tooLarge(doing, "request", bytes, messageBytesMax);
      const answer = await send(address, method.path, bytes, timeoutMs);
      if (answer.length > messageBytesMax) throw tooLarge(doing, "answer", answer, messageBytesMax);
      return decodeAnswer(method.response, answer, doing);
    },
    close: () => {
      isClosed = true;
      for (const call of calls) call.cancel();
      channels.close();
    },
  };
}
