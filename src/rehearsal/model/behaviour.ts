import { type Milliseconds, minutes, ms, seconds } from "../../foundation/duration.ts";
import { type Bytes, bytes } from "./units.ts";

/**
 * What people and their players do. The players' part is that of `web/player/` (`backoff.ts`, `connection.ts`); what people
 * do nobody has measured for an event like this, so it stands here to be read, changed and argued with.
 */
export interface Behaviour {
  /** Share of people that come in the minute before an announced hour (`flash`). @default 0.1 */
  readonly earlyShare: number;
  /** Requests for the page, its styles, player and words before the state; their bytes with it. @default 5, 13,410 (docs/benchmarks.md) */
  readonly pageRequests: number;
  readonly pageBytes: Bytes;
  /** Init segment and first sound. @default 7,800 (docs/benchmarks.md) */
  readonly firstSoundBytes: Bytes;
  /** Share of newcomers whose TLS session resumes, and of those who were there before. @default 0.1, 0.9 */
  readonly resumedNew: number;
  readonly resumedAgain: number;
  /** Nobody reloads or gives up so soon; and how long people wait for sound after that before they do, mean. @default 5 s, 20 s, 5 min */
  readonly patience: Milliseconds;
  readonly reloadAfter: Milliseconds;
  readonly giveUpAfter: Milliseconds;
  /** How long people stay, mean; the share of them that comes back, and after how long, mean. @default 2 h, 0.5, 10 min */
  readonly leaveAfter: Milliseconds;
  readonly returnShare: number;
  readonly returnAfter: Milliseconds;
  /** How often somebody who stands asks for a seat, and when somebody with the static page comes back, mean. @default 5 s, 45 s */
  readonly standingAsks: Milliseconds;
  readonly staticBack: Milliseconds;
  /** After what silence a player says that its edge is gone; and when an edge that is gone is no longer told to newcomers. @default 4 s, 5 s */
  readonly noticeAfter: Milliseconds;
  readonly untoldAfter: Milliseconds;
  /** API calls of a listener a second: signing in, asking to speak, reactions. @default one in ten minutes */
  readonly apiRate: number;
  /** At the end: everybody asks for the state within so long, and this share opens the replay's page. @default 5 s, 0.2 */
  readonly endWithin: Milliseconds;
  readonly replayShare: number;
  /** Standard deviation of the edges' shares of the crowd: names resolve unevenly. @default 0.03 */
  readonly imbalance: number;
}

export const behaviour: Behaviour = {
  earlyShare: 0.1,
  pageRequests: 5,
  pageBytes: bytes(13_410),
  firstSoundBytes: bytes(7800),
  resumedNew: 0.1,
  resumedAgain: 0.9,
  patience: seconds(5),
  reloadAfter: seconds(20),
  giveUpAfter: minutes(5),
  leaveAfter: minutes(120),
  returnShare: 0.5,
  returnAfter: minutes(10),
  standingAsks: seconds(5),
  staticBack: seconds(45),
  noticeAfter: ms(4000),
  untoldAfter: ms(5000),
  apiRate: 1 / 600,
  endWithin: seconds(5),
  replayShare: 0.2,
  imbalance: 0.03,
};
