import type { Role, StageRole } from "../wire/state.ts";

/** How many may be on a stage. The host is always one. */
export interface StageLimits {
  /** @default 2 */
  readonly cohosts: number;
  /** Everybody on stage together, host and co-hosts included. @default 13 */
  readonly speakers: number;
}
export const defaultLimits: StageLimits = { cohosts: 2, speakers: 13 };

/** What one member of a room does to another. */
export type ActionOnOther = "mute-other" | "remove" | "bring-up" | "promote" | "demote" | "hand-over";
/** What somebody does for the whole Space. */
export type ActionOnSpace = "start" | "end" | "notice" | "level" | "invite-host" | "invite-cohost" | "invite-speaker";

/**
 * Who may do what to whom. The host is nobody's target; a co-host acts on speakers and listeners. While no host is
 * connected, a co-host acts for the host (`ActingRole`), but cannot give the host's place away.
 */
export type ActingRole = Role | "acting-host";

const onOthers: Readonly<Record<ActingRole, Readonly<Record<ActionOnOther, readonly Role[]>>>> = {
  host: {
    "mute-other": ["cohost", "speaker"],
    remove: ["cohost", "speaker", "listener"],
    "bring-up": ["listener"],
    promote: ["speaker"],
    demote: ["cohost", "speaker"],
    "hand-over": ["cohost", "speaker"],
  },
  "acting-host": {
    "mute-other": ["cohost", "speaker"],
    remove: ["speaker", "listener"],
    "bring-up": ["listener"],
    promote: ["speaker"],
    demote: ["speaker"],
    "hand-over": [],
  },
  cohost: {
    "mute-other": ["speaker"],
    remove: ["speaker", "listener"],
    "bring-up": ["listener"],
    promote: [],
    demote: ["speaker"],
    "hand-over": [],
  },
  speaker: { "mute-other": [], remove: [], "bring-up": [], promote: [], demote: [], "hand-over": [] },
  listener: { "mute-other": [], remove: [], "bring-up": [], promote: [], demote: [], "hand-over": [] },
};

const onSpace: Readonly<Record<ActingRole, readonly ActionOnSpace[]>> = {
  host: ["start", "end", "notice", "level", "invite-host", "invite-cohost", "invite-speaker"],
  "acting-host": ["start", "end", "notice", "level", "invite-speaker"],
  cohost: ["start", "notice", "level", "invite-speaker"],
  speaker: [],
  listener: [],
};

export const mayActOn = (actor: ActingRole, action: ActionOnOther, target: Role): boolean =>
  onOthers[actor][action].includes(target);

export const mayDo = (actor: ActingRole, action: ActionOnSpace): boolean => onSpace[actor].includes(action);

export const mayInvite = (actor: ActingRole, role: StageRole): boolean => mayDo(actor, `invite-${role}`);

export const isStageRole = (role: Role): role is StageRole => role !== "listener";
