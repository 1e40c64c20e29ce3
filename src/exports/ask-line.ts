import { connect } from "node:net";

/** How long an answer on a Unix socket may take, ms, and how long it may be. */
const answeredWithinMs = 15_000;
const maxAnswerBytes = 256 * 1024;

/** Says one line on a Unix socket and resolves with all that is answered until the other side closes, or until `isAll`. */
export function askLine(path: string, line: string, isAll: (answer: string) => boolean = () => false): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = "";
  const socket = connect({ path });
  const fail = (why: string): void => void socket.destroy(new Error(`${path} ${why}`));
  const timer = setTimeout(() => fail(`did not answer within ${answeredWithinMs} ms`), answeredWithinMs);
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    answer += text;
    if (answer.length > maxAnswerBytes) fail(`answered with more than ${maxAnswerBytes} bytes`);
    else if (isAll(answer)) socket.end();
  });
  socket.on("error", reject);
  socket.on("close", () => {
    clearTimeout(timer);
    resolve(answer);
  });
  // Not half-closed: HAProxy stops when nobody listens for its answer.
  socket.write(`${line}\n`);
  return promise;
}
