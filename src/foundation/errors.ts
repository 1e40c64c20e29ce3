/**
 * Every refusal is a `Problem`: a stable code, what happened with its values, and what the caller can do. Over HTTP it
 * is an RFC 9457 problem document. All codes stand on one page, `docs/problems.md`; a test holds the two together.
 */
export interface ProblemDocument {
  /** `urn:rostra:problem:<code>`: a name for the kind of problem, not an address; the page of problems has an entry for each. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  /** What the caller can do about it. */
  readonly action: string;
  /** Which member of the input was wrong, as a JSON Pointer, where there is one. */
  readonly pointer?: string;
}

export interface ProblemOptions {
  /** HTTP status. */
  readonly status: number;
  /** kebab-case, stable, listed in `docs/problems.md`. */
  readonly code: string;
  /** One short sentence that is the same for every occurrence. */
  readonly title: string;
  /** What happened this time, with its values. */
  readonly detail: string;
  /** What the caller can do. */
  readonly action: string;
  readonly pointer?: string;
  /** Seconds after which a retry makes sense (Retry-After). */
  readonly retryAfter?: number;
  /** Members of its own that a kind of problem has (RFC 9457, section 3.2). */
  readonly extension?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly action: string;
  readonly pointer: string | undefined;
  readonly retryAfter: number | undefined;
  readonly extension: Readonly<Record<string, unknown>> | undefined;

  constructor(options: ProblemOptions) {
    super(options.detail, { cause: options.cause });
    this.name = "Problem";
    this.status = options.status;
    this.code = options.code;
    this.title = options.title;
    this.action = options.action;
    this.pointer = options.pointer;
    this.retryAfter = options.retryAfter;
    this.extension = options.extension;
  }

  toDocument(): ProblemDocument {
    return {
      type: `urn:rostra:problem:${this.code}`,
      title: this.title,
      status: this.status,
      code: this.code,
      detail: this.message,
      action: this.action,
      ...(this.pointer === undefined ? {} : { pointer: this.pointer }),
      ...this.extension,
    };
  }
}

/** The text of whatever was thrown, for a log line. */
export const reason = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));

/** The system error code (`ENOENT`, `EADDRINUSE`) of what was thrown, where it has one. */
export const errno = (thrown: unknown): string | undefined =>
  thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
