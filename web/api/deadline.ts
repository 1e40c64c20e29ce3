/** A signal that aborts with another one, or when its time is over. Instead of `AbortSignal.any`, which iOS 17.1 lacks. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Starts the time again. */
  touch(): void;
  /** Forgets timer and outer signal; always call it when the work is done. */
  end(): void;
}

export function deadline(ms: number, outer?: AbortSignal): Deadline {
  const abort = new AbortController();
  const follow = (): void => abort.abort(outer?.reason);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const touch = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(new Error(`nothing came for ${ms} ms`)), ms);
  };
  if (outer?.aborted) follow();
  else outer?.addEventListener("abort", follow);
  touch();
  return {
    signal: abort.signal,
    touch,
    end() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", follow);
    },
  };
}
