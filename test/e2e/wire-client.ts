import { createConnection } from "node:net";

/** One answer as it came over the wire. */
export interface WireAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface WireRequest {
  /** @default "GET" */
  readonly method?: string;
  /** Sent as it is: no client in between puts it right. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** Sends bytes on a connection of their own and gives all that came back until it ended, or for `withinMs`. */
export function exchange(url: string, bytes: string | Buffer, withinMs = 10_000): Promise<Buffer> {
  const { port } = new URL(url);
  return new Promise((done) => {
    const socket = createConnection({ port: Number(port), host: "127.0.0.1" });
    const parts: Buffer[] = [];
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
      done(Buffer.concat(parts));
    };
    const timer = setTimeout(end, withinMs);
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.on("error", () => {});
    socket.on("close", end);
    socket.write(bytes);
  });
}

/** Sends one request, its path and headers untouched, and reads the one answer. */
export async function ask(url: string, request: WireRequest): Promise<WireAnswer> {
  const { method = "GET", path, headers = {}, body } = request;
  const bytes = Buffer.from(body ?? "");
  const lines = [`${method} ${path} HTTP/1.1`, `host: ${new URL(url).host}`, "connection: close"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined) lines.push(`content-length: ${bytes.length}`);
  const head = Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  return readAnswer(await exchange(url, Buffer.concat([head, bytes])));
}

/** The first answer in what came back. */
export function readAnswer(bytes: Buffer): WireAnswer {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return { status: 0, headers: {}, body: bytes };
  const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const body = bytes.subarray(end + 4);
  return { status: Number(first.split(" ")[1]), headers, body: chunked(headers) ? joinChunks(body) : body };
}

const chunked = (headers: Readonly<Record<string, string>>): boolean => headers["transfer-encoding"] === "chunked";

function joinChunks(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const line = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.toString("latin1", at, line), 16);
    if (line < 0 || !(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
