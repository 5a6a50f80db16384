import { countsText } from "../../engine/preview";
import type { Announcement, GuardVerdict, Refusal } from "./judge";

/** The verdict for a terminal. */
export function guardText({ ok, refused, announced, warnings, unusedAcknowledgements, changes }: GuardVerdict): string {
  const open = refused.filter(({ acknowledged }) => acknowledged === undefined);
  const decided = refused.filter(({ acknowledged }) => acknowledged !== undefined);
  const silenced = announced.filter(({ effect }) => effect === "silence").map(({ resource }) => resource);
  return [
    ok ? "Nothing is refused." : `Refused, for ${open.length === 1 ? "one reason" : `${open.length} reasons`}:`,
    ...open.map(({ message }) => `  ${message}`),
    ...section("Acknowledged and allowed:", decided.map(decidedText)),
    ...section("Interrupts service:", announced.filter(({ effect }) => effect !== "silence").flatMap(announcementText)),
    ...section("Alerts and channels that no longer notify anybody:", silenced.length > 0 ? [silenced.join(", ")] : []),
    ...section("Warnings of the preview:", warnings),
    ...section(
      "Acknowledgements to remove, because this preview does not need them:",
      unusedAcknowledgements.map((name) => `netra:acknowledge.${name}`),
    ),
    "",
    `Steps: ${countsText(changes)}.`,
  ]
    .join("\n")
    .concat("\n");
}

const section = (title: string, lines: readonly string[]) =>
  lines.length > 0 ? ["", title, ...lines.map((line) => `  ${line}`)] : [];

const decidedText = ({ resource, change, acknowledged }: Refusal) => `${change} of ${resource}: ${acknowledged}`;

function announcementText({ resource, change, effect, consequence, advice }: Announcement): string[] {
  return [
    `${resource}, ${change} (${effect})`,
    `  ${consequence}`,
    ...(advice === undefined ? [] : [`  -> ${advice}`]),
  ];
}
