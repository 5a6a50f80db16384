import { InputError } from "../../capacity/problem";

/** What keeps a rehearsal from running, or ended it: the machine's fault or the asker's. One line, no stack trace. */
export class RehearsalError extends InputError {
  constructor(message: string) {
    super([{ setting: "rehearsal", message }]);
  }
}
