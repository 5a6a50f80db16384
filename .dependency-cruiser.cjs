/*
 * Which folder may import which, type imports included: part of `npm run lint`. docs/architecture.md shows the layers.
 */

/** From the bottom up: a folder imports itself and lower layers. */
const LAYERS = [["capacity"], ["config"], ["policy", "components"], ["engine"], ["report"], ["commands"]];

const inside = (folders) => `^(${folders.join("|")})/`;

const layerRules = LAYERS.flatMap((layer, depth) =>
  layer.map((folder) => {
    const allowed = [folder, ...LAYERS.slice(0, depth).flat()];
    const others = LAYERS.flat().filter((other) => !allowed.includes(other));
    return {
      name: `layer-of-${folder}`,
      severity: "error",
      from: { path: inside([folder]) },
      to: { path: inside(others) },
    };
  }),
);

module.exports = {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    { name: "no-tests", severity: "error", from: {}, to: { path: "^test/" } },
    ...layerRules,
    {
      name: "capacity-without-pulumi",
      severity: "error",
      from: { path: "^capacity/" },
      to: { path: "(^|/)node_modules/@pulumi/" },
    },
    {
      name: "storm-engine-knows-no-cloud",
      severity: "error",
      from: { path: "^capacity/storm/engine/" },
      to: { path: "^(?!capacity/storm/)" },
    },
    {
      name: "shared-knows-no-command",
      severity: "error",
      from: { path: "^commands/shared/" },
      to: { path: "^commands/(?!shared/)" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
  },
};
