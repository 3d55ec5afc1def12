import type { ManagedCluster } from '../../api/clusters/managed-cluster.ts';
import { type AllowedAddress, allowedBy } from './allowed-address.ts';
import { PredictionError } from './prediction-error.ts';

/** How the predictor of a cluster is reached. */
export type PredictorRoute<Entry> =
  | { readonly kind: 'tunnel' }
  | { readonly kind: 'direct'; readonly url: URL; readonly entry: Entry };

/**
 * The way to a cluster's predictor, as its agent reported: through the tunnel, where the agent knows its predictor, or to
 * the reported address if the configuration allows it. Throws a PredictionError when there is none.
 */
export function predictorRoute<Entry extends AllowedAddress>(
  { status = {} }: ManagedCluster,
  allowed: readonly Entry[],
): PredictorRoute<Entry> {
  if (status.predictorEnabled !== true) {
    throw new PredictionError('PredictorDisabled', 'its agent has no predictor');
  }
  if (status.predictorDirectAccess !== true) return { kind: 'tunnel' };
  const { predictorAddress = '' } = status;
  const url = URL.parse(predictorAddress);
  const isPlain = url && !(url.username || url.password || url.search || url.hash);
  if (!isPlain || !/^https?:$/.test(url.protocol)) {
    throw new PredictionError(
      'PredictorAddressInvalid',
      `status.predictorAddress "${predictorAddress.slice(0, 100)}" is no http or https URL without user, query and fragment`,
    );
  }
  const entry = allowedBy(allowed, url);
  if (entry === undefined) {
    throw new PredictionError(
      'PredictorAddressNotAllowed',
      `status.predictorAddress ${url.origin.slice(0, 100)} is not in allowedAddresses of plugin Predictor`,
    );
  }
  return { kind: 'direct', url, entry };
}
