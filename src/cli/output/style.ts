/** Colours that stay away where nobody sees them. */
export type Style = Record<"bold" | "dim" | "red" | "green" | "yellow" | "cyan", (text: string) => string>;

/** NO_COLOR (https://no-color.org) wins over FORCE_COLOR, which wins over what the stream is. */
export function createStyle(options: { terminal: boolean; env: Readonly<Record<string, string | undefined>> }): Style {
  const { NO_COLOR, FORCE_COLOR, TERM } = options.env;
  const wanted = FORCE_COLOR ? FORCE_COLOR !== "0" : options.terminal && TERM !== "dumb";
  const on = wanted && !NO_COLOR;
  const paint = (open: number, close: number) => (text: string) =>
    on && text !== "" ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    cyan: paint(36, 39),
  };
}
