/** What must be there before other things: 0 definitions of kinds, 1 namespaces, 2 everything else. */
export function rankOf(type: { readonly group: string; readonly kind: string }): 0 | 1 | 2 {
  if (type.group === 'apiextensions.k8s.io' && type.kind === 'CustomResourceDefinition') return 0;
  return type.group === '' && type.kind === 'Namespace' ? 1 : 2;
}

/** Groups to apply one after the other; inside a group the order is kept and does not matter. */
export function inApplyOrder<T>(
  items: readonly T[],
  typeOf: (item: T) => { readonly group: string; readonly kind: string },
): readonly (readonly T[])[] {
  return [0, 1, 2]
    .map(rank => items.filter(item => rankOf(typeOf(item)) === rank))
    .filter(group => group.length > 0);
}

/** Groups to delete one after the other: what was applied last goes first. */
export function inDeleteOrder<T>(
  items: readonly T[],
  typeOf: (item: T) => { readonly group: string; readonly kind: string },
): readonly (readonly T[])[] {
  return inApplyOrder(items, typeOf).toReversed();
}
