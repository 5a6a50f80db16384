import type { DatabasePlan } from "../../capacity/plan";
import type { ConfigSchema } from "../framework/rule";
import { neutralDatabase } from "./defaults";

/** Slots that services cannot use. */
export type ReservedSlots = Pick<DatabasePlan, "reservedConnections" | "migrationConnections">;

/** The settings of the rules that count slots. */
export const reservedSlots: ConfigSchema<ReservedSlots> = {
  reservedConnections: {
    type: "integer",
    minimum: 0,
    description: "Slots kept for superusers, Cloud SQL's agents and people.",
    default: neutralDatabase.reservedConnections,
    fromPlan: ({ database }) => database.reservedConnections,
  },
  migrationConnections: {
    type: "integer",
    minimum: 0,
    description: "Slots that migrations take while services start.",
    default: neutralDatabase.migrationConnections,
    fromPlan: ({ database }) => database.migrationConnections,
  },
};
