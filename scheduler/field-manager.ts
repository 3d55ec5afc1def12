/** Name of the scheduler in managedFields. */
export const fieldManager = 'clusternet-scheduler';
