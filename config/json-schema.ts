import { z } from "zod";
import { OPTIONAL_SECTIONS, sections } from "./schema";

/** The JSON Schema of the stack file, for completion and hover in editors. */
export function stackFileSchema(): object {
  const properties = Object.fromEntries(
    Object.entries(sections).map(([key, type]) => [`netra:${key}`, z.toJSONSchema(type, { io: "input" })]),
  );
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Stack file of the project netra",
    type: "object",
    properties: {
      config: {
        type: "object",
        properties,
        required: Object.keys(properties).filter((key) => !OPTIONAL_SECTIONS.includes(key)),
      },
    },
    required: ["config"],
  };
}
