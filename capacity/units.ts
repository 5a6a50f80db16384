/** Quantities as Cloud Run and Pulumi write them, read into plain numbers. `undefined` means: not such a quantity. */

const BINARY: Readonly<Record<string, number>> = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };
const DECIMAL: Readonly<Record<string, number>> = { "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** `"2"`, `"0.5"`, `"500m"` -> vCPU. */
export function parseCpu(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(text);
  return match ? Number(match[1]) / (match[2] ? 1000 : 1) : undefined;
}

/** A Kubernetes quantity (`"512Mi"`, `"4Gi"`, `"500M"`) -> MiB. `"4GB"` is none. */
export function parseMemoryMib(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|Ti|k|M|G|T|)$/.exec(text);
  const factor = match && (BINARY[match[2] ?? ""] ?? DECIMAL[match[2] ?? ""]);
  return match && factor ? (Number(match[1]) * factor) / 2 ** 20 : undefined;
}

/** `"600s"`, `"3.5s"` -> seconds. */
export function parseSeconds(text: string): number | undefined {
  const match = /^(\d+(?:\.\d{1,9})?)s$/.exec(text);
  return match ? Number(match[1]) : undefined;
}

/** MiB as Cloud Run writes it: whole GiB where possible. */
export function formatMemory(mib: number): string {
  return mib % 1024 === 0 ? `${mib / 1024}Gi` : `${mib}Mi`;
}
