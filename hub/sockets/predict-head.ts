import type { RequestHead } from '../../tunnel/heads.ts';
import type { AuthenticatedRequest } from '../server/authenticated-request.ts';
import { StatusError } from '../server/status-error.ts';

/**
 * What the hub asks an agent for `POST sockets/<id>/predict`. Neither the URL nor a header of the client says where it
 * goes: the agent alone knows its predictor. Throws a StatusError when something follows `predict`.
 */
export function predictHead({ clusterId, rest }: AuthenticatedRequest): RequestHead {
  if (rest !== '' && !rest.startsWith('?')) {
    throw new StatusError(400, 'Nothing may follow sockets/<id>/predict in the path.');
  }
  return {
    method: 'POST',
    path: '/replicas/predict',
    headers: ['Content-Type', 'application/json', 'Cluster-ID', clusterId],
    target: 'predictor',
  };
}
