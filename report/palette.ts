/* The colours of pages and drawings: CSS variables, so that one drawing serves light and dark. */

export const PAPER = "var(--paper)";
export const INK = "var(--ink)";
export const MUTED = "var(--muted)";
export const GRID = "var(--grid)";
export const LIMIT = "var(--limit)";
export const SOUND = "var(--sound)";
export const SERIES = [1, 2, 3, 4, 5, 6].map((i) => `var(--series-${i})`);

/** Follows the reader's system. */
export const PALETTE = `:root { color-scheme: light dark; --paper: #fff; --ink: #1d2126; --muted: #5a6470; --grid: #e3e7eb; --limit: #b3261e; --sound: #1a7f37;
  --series-1: #1f6feb; --series-2: #8250df; --series-3: #0a7b83; --series-4: #9a6700; --series-5: #bf3989; --series-6: #57606a; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --ink: #e6e9ec; --muted: #9aa4af; --grid: #2c333a; --limit: #ff8a80; --sound: #56d364;
  --series-1: #6cb0ff; --series-2: #c39bff; --series-3: #4fd1d9; --series-4: #e3b341; --series-5: #ff8fc8; --series-6: #b1bac4; } }`;
