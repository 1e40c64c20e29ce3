/** What draws a part of the page into its container. */
export type Draw<Props> = (container: Element, props: Props) => void;

/**
 * A part of the page that is loaded when it is first drawn, with its look and its words, which it names itself
 * (`part.ts`): their addresses weigh too. Until it is there nothing is shown, then `redraw` is called; a load that fails is
 * tried again with the next draw.
 */
export function late<Props>(load: () => Promise<Draw<Props>>, redraw: () => void): Draw<Props> {
  let part: Draw<Props> | undefined;
  let asked = false;
  const ask = async (): Promise<void> => {
    asked = true;
    try {
      part = await load();
      redraw();
    } catch {
      asked = false;
    }
  };
  return (container, props) => {
    if (part) part(container, props);
    else if (!asked) void ask();
  };
}
