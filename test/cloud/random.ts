import { randomBytes, randomInt } from "node:crypto";
import type { Properties } from "./cloud";

const LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** What the `random` provider makes: it has no cloud, a value lives in the state alone. Every input replaces. */
export const randomKinds: Readonly<
  Record<
    string,
    { readonly outputs: readonly string[]; create(inputs: Properties): { id: string; outputs: Properties } }
  >
> = {
  "random:index/randomPassword:RandomPassword": {
    outputs: ["result", "bcryptHash"],
    create: ({ length }) => {
      const result = Array.from(
        { length: Number(length) },
        () => LETTERS_AND_DIGITS[randomInt(LETTERS_AND_DIGITS.length)],
      ).join("");
      return { id: "none", outputs: { result, bcryptHash: `$2a$10$${randomBytes(20).toString("hex")}` } };
    },
  },
  "random:index/randomInteger:RandomInteger": {
    outputs: ["result"],
    create: ({ min, max }) => {
      const result = randomInt(Number(min), Number(max) + 1);
      return { id: String(result), outputs: { result } };
    },
  },
  "random:index/randomBytes:RandomBytes": {
    outputs: ["base64", "hex"],
    create: ({ length }) => {
      const bytes = randomBytes(Number(length));
      return {
        id: bytes.toString("base64"),
        outputs: { base64: bytes.toString("base64"), hex: bytes.toString("hex") },
      };
    },
  },
};
