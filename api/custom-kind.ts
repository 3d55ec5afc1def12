import type { TObject } from 'typebox';
import type { Resource } from './resource.ts';

/** One column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly jsonPath: string;
  readonly type?: 'date' | 'integer' | 'string';
  readonly description?: string;
  /** Columns above 0 show only with `-o wide`. */
  readonly priority?: number;
}

/** A kind we define: where it lives, what its objects look like, how kubectl names and shows them. */
export interface CustomKind {
  readonly resource: Resource;
  readonly description: string;
  readonly shortNames: readonly string[];
  /** Everything but apiVersion, kind and metadata. */
  readonly schema: TObject;
  /** Whether status is written through its own subresource. */
  readonly statusSubresource: boolean;
  readonly columns: readonly PrinterColumn[];
  /** Labels of the CustomResourceDefinition itself. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** The age column nearly every kind ends with. */
export const ageColumn: PrinterColumn = {
  name: 'AGE',
  jsonPath: '.metadata.creationTimestamp',
  type: 'date',
};
