import type { ResourceTransformation } from "@pulumi/pulumi";

/**
 * Removes the deletion protection of the provider and the API from every resource, for a stack with `netra:teardown`.
 * The engine's own protection stays until `pulumi state unprotect`, so that an update in between still cannot delete or
 * replace anything (docs/teardown.md).
 */
export const withoutDeletionProtection: ResourceTransformation = ({ props, opts }) => {
  if (props.deletionProtection !== true) return undefined;
  const { settings } = props;
  return {
    props: {
      ...props,
      deletionProtection: false,
      // An instance states the API's protection in its settings.
      ...(settings?.deletionProtectionEnabled === true
        ? { settings: { ...settings, deletionProtectionEnabled: false } }
        : {}),
    },
    opts,
  };
};
