import type http from "node:http";
import { join } from "node:path";
import { closeServer, listenUnix, readBody } from "../foundation/link.ts";
import { silentLog } from "../foundation/log.ts";

/** What the control process is told of whoever asks. */
export interface Who {
  readonly for: string;
  readonly proto: string;
  readonly body: string;
}

/** A control process in an edge's folder that answers with who asked, as the edge told it. */
export async function whoControl(folder: string): Promise<AsyncDisposable> {
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const body = (await readBody(request, 100_000)).toString();
    const { "x-forwarded-for": from, "x-forwarded-proto": proto } = request.headers;
    response.end(JSON.stringify({ for: from, proto, body }));
  };
  const server = await listenUnix(join(folder, "control.sock"), answer, silentLog);
  return { [Symbol.asyncDispose]: () => closeServer(server) };
}

export const readWho = (body: Buffer): Who => JSON.parse(body.toString()) as Who;
