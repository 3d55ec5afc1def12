import assert from 'node:assert/strict';
import type { ManagedClusterStatus } from '../../api/clusters/managed-cluster.ts';
import { cluster } from '../../test/scheduling-objects.ts';
import { PredictionError } from './prediction-error.ts';
import { predictorRoute } from './predictor-route.ts';

const allowed = [{ host: 'predictor.example' }];

function route(status: ManagedClusterStatus) {
  return predictorRoute({ ...cluster('a'), status }, allowed);
}

function refused(status: ManagedClusterStatus): string {
  try {
    route(status);
  } catch (error) {
    assert.ok(error instanceof PredictionError);
    return error.reason;
  }
  return assert.fail('there is a way');
}

describe('predictorRoute', () => {
  it('goes through the tunnel, whatever address is reported, unless direct access is', () => {
    const predictorAddress = 'http://169.254.169.254';
    assert.deepEqual(route({ predictorEnabled: true }), { kind: 'tunnel' });
    assert.deepEqual(route({ predictorEnabled: true, predictorAddress }), { kind: 'tunnel' });
  });

  it('dials a reported address that the configuration allows', () => {
    const predictorAddress = 'https://predictor.example/base';
    const found = route({ predictorEnabled: true, predictorDirectAccess: true, predictorAddress });
    assert.ok(found.kind === 'direct');
    assert.equal(found.url.href, predictorAddress);
    assert.equal(found.entry, allowed[0]);
  });

  it('names what is in the way', () => {
    const direct = { predictorEnabled: true, predictorDirectAccess: true };
    assert.equal(refused({}), 'PredictorDisabled');
    assert.equal(refused({ ...direct, predictorEnabled: false }), 'PredictorDisabled');
    assert.equal(refused(direct), 'PredictorAddressInvalid');
    for (const predictorAddress of [
      'predictor.example',
      'ftp://predictor.example',
      'https://u:p@predictor.example',
      'https://predictor.example?a=b',
      'file:///etc/passwd',
    ]) {
      assert.equal(refused({ ...direct, predictorAddress }), 'PredictorAddressInvalid');
    }
    const predictorAddress = 'https://127.0.0.1';
    assert.equal(refused({ ...direct, predictorAddress }), 'PredictorAddressNotAllowed');
  });
});
