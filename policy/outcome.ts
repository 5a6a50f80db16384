/** How the messages of the two outcomes that are no plain refusal begin: reports recognise them by it. */
export const CANNOT_EVALUATE = "cannot evaluate: ";
export const WAIVED = "waived: ";
