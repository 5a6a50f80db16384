import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers/promises";

/* Preloaded into a command: what it waits for has happened at once. */

timers.setTimeout = async (_, value) => value;
syncBuiltinESMExports();
