import type { ResourceTransformation } from "@pulumi/pulumi";

/**
 * Takes the deletion protection of provider and API off everything that has one, for a stack that `netra:teardown` says
 * is to be torn down. The engine's own protection stays until `pulumi state unprotect`, so that an update in between
 * still cannot delete or replace anything (docs/teardown.md).
 */
export const withoutDeletionProtection: ResourceTransformation = ({ props, opts }) => {
  if (props.deletionProtection !== true) return undefined;
  const { settings } = props;
  return {
    props: {
      ...props,
      deletionProtection: false,
      // The API's protection of an instance stands in its settings.
      ...(settings?.deletionProtectionEnabled === true
        ? { settings: { ...settings, deletionProtectionEnabled: false } }
        : {}),
    },
    opts,
  };
};
