/** A placement is decided from all of a Subscription: it is never written over a later state of it. */
export const statusWriter = { fieldManager: 'clusternet-scheduler', strict: true } as const;
