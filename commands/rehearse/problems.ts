import { InputError } from "../../capacity/problem";

/** A rehearsal cannot start or continue, because of the machine or the options. Printed without a stack trace. */
export class RehearsalError extends InputError {
  constructor(message: string) {
    super([{ setting: "rehearsal", message }]);
  }
}
